import { afterAll, beforeAll, describe } from "vitest"
import { applyCases } from "./cases/apply.ts"
import { crdCases } from "./cases/crd.ts"
import { discoveryCases } from "./cases/discovery.ts"
import { kubectlCases } from "./cases/kubectl.ts"
import { listCases } from "./cases/list.ts"
import { rbacCases } from "./cases/rbac.ts"
import { reviewCases } from "./cases/review.ts"
import { watchCases } from "./cases/watch.ts"
import { writeCases } from "./cases/write.ts"
import type { Cluster } from "./client.ts"
import { createContext } from "./context.ts"

export type Implementation = { name: string; start(): Promise<Cluster> }

/** What the product relies on of a Kubernetes API. Runs against the demo's and against the real one. */
export function kubeApiContract({ name, start }: Implementation): void {
  describe(name, () => {
    let cluster: Cluster | undefined
    const context = createContext(() => {
      if (!cluster) throw new Error("the cluster has not started")
      return cluster
    })
    beforeAll(async () => {
      cluster = await start()
      context.open()
    })
    afterAll(async () => {
      await context.close()
      await cluster?.close()
    })
    for (const cases of [
      discoveryCases,
      listCases,
      watchCases,
      writeCases,
      applyCases,
      rbacCases,
      reviewCases,
      crdCases,
      kubectlCases,
    ])
      cases(context)
  })
}
