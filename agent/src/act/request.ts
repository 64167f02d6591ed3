import { fieldManager } from "#shared/act/owner.ts"
import type { KubeIdentity } from "#shared/act/policy.ts"
import { KubeObject } from "#shared/kube/object-schema.ts"
import { type KubeApi, type KubeCall, KubeError } from "../cluster/api.ts"
import type { Place } from "./place.ts"
import type { Request } from "./plan-step.ts"

export type Answer = { object: KubeObject | null; warnings: string[] }

/** What is asked of the API server for a step, as whom. */
export type Requests = {
  /** The object as it is, with its owners, as the agent itself; null: it is not there. @throws KubeError */
  live(place: Place, signal: AbortSignal): Promise<KubeObject | null>
  /** Carries it out, or with `dryRun` only tries. `as` null: the agent's own account. @throws KubeError and others as the API does */
  send(
    place: Place,
    request: Exclude<Request, { how: "none" }>,
    options: { as: KubeIdentity | null; dryRun: boolean; signal: AbortSignal },
  ): Promise<Answer>
}

/** The API server gives up before we do: what has no answer then is not done later. A webhook may take 30 s. */
const serverSeconds = 32
const readMs = 15_000
const writeMs = 40_000

function callOf({ collection, path }: Place, request: Exclude<Request, { how: "none" }>, dryRun: boolean) {
  const query = new URLSearchParams({
    fieldManager,
    fieldValidation: "Strict",
    timeout: `${serverSeconds}s`,
    ...(dryRun ? { dryRun: "All" } : {}),
  })
  switch (request.how) {
    case "create":
      return { path: `${collection}?${query}`, method: "POST", body: request.body } as const
    case "apply":
      if (request.force) query.set("force", "true")
      return { path: `${path}?${query}`, method: "PATCH", content: "apply", body: request.body } as const
    case "json-patch":
      return { path: `${path}?${query}`, method: "PATCH", content: "json-patch", body: request.body } as const
    case "delete": {
      const { uid, resourceVersion } = request
      // The options of a removal are read from the body alone when there is one.
      const body = {
        apiVersion: "v1",
        kind: "DeleteOptions",
        preconditions: { uid, resourceVersion },
        ...(dryRun ? { dryRun: ["All"] } : {}),
      }
      return { path: `${path}?timeout=${serverSeconds}s`, method: "DELETE", body } as const
    }
  }
}

export function createRequests(api: KubeApi): Requests {
  const within = (signal: AbortSignal, ms: number): AbortSignal =>
    AbortSignal.any([signal, AbortSignal.timeout(ms)])
  return {
    async live({ path }, signal) {
      try {
        return KubeObject.parse(await api.json({ path, signal: within(signal, readMs) }))
      } catch (error) {
        const isMissing = error instanceof KubeError && error.status === 404 && error.reason === "NotFound"
        if (isMissing && /" not found/.test(error.message)) return null
        throw error
      }
    },
    async send(place, request, { as, dryRun, signal }) {
      const warnings: string[] = []
      const call: KubeCall = {
        ...callOf(place, request, dryRun),
        signal: within(signal, writeMs),
        warn: (words) => warnings.push(words),
        ...(as === null ? {} : { as }),
      }
      const answer = KubeObject.safeParse(await api.json(call))
      const object = request.how === "delete" || !answer.success ? null : answer.data
      return { object, warnings }
    },
  }
}
