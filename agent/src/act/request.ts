import { fieldManager } from "#shared/act/owner.ts"
import type { KubeIdentity } from "#shared/act/policy.ts"
import { KubeObject } from "#shared/kube/object-schema.ts"
import type { Clock } from "../clock.ts"
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

/** Of an API server that has just come back: it refuses everybody until it has read who may what. */
export class EarlyRefusal extends KubeError {}
/** What it refuses for longer, it means. */
const earlyMs = 10_000

/** Marks the refusals of a server that did not answer before. */
function earlyRefusals(clock: Clock): <T>(call: Promise<T>) => Promise<T> {
  let isBroken = false
  let backAt = -Infinity
  function answered(): void {
    if (isBroken) backAt = clock.now()
    isBroken = false
  }
  return async (call) => {
    try {
      const answer = await call
      answered()
      return answer
    } catch (error) {
      isBroken ||= !(error instanceof KubeError)
      if (!(error instanceof KubeError)) throw error
      answered()
      const { status, reason, message, retryAfterMs, causes } = error
      if (![401, 403].includes(status) || clock.now() - backAt >= earlyMs) throw error
      throw new EarlyRefusal(status, reason, message, { retryAfterMs, causes })
    }
  }
}

export function createRequests(api: KubeApi, clock: Clock): Requests {
  const within = (signal: AbortSignal, ms: number): AbortSignal =>
    AbortSignal.any([signal, AbortSignal.timeout(ms)])
  const noting = earlyRefusals(clock)
  const json = (call: KubeCall): Promise<unknown> => noting(api.json(call))
  return {
    async live({ path }, signal) {
      try {
        return KubeObject.parse(await json({ path, signal: within(signal, readMs) }))
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
      const answer = KubeObject.safeParse(await json(call))
      const object = request.how === "delete" || !answer.success ? null : answer.data
      return { object, warnings }
    },
  }
}
