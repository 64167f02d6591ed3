import { describe } from "vitest"
import { planeMissing, startPlane } from "#test/real/kube/plane.ts"
import { skipNote } from "#test/real/skip.ts"
import { kubeApiContract } from "./contract.ts"

describe.skipIf(skipNote("Kubernetes API contract on the real API server", planeMissing()))(
  "for real",
  () => {
    kubeApiContract({
      name: "the real Kubernetes API",
      start: async () => {
        const plane = await startPlane()
        const { server, adminToken, caCert, kubeconfig, stop } = plane
        return {
          url: server,
          adminToken,
          caCert,
          kubeconfig,
          compact: async () => {
            await plane.compact()
            // the API server serves old states from its own cache until it starts anew
            await plane.restart()
          },
          close: stop,
        }
      },
    })
  },
)
