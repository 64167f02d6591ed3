import { createHash } from "node:crypto"
import { encodeTime } from "ulid"
import type { ChangeStep } from "#shared/api/change.ts"
import type { Watched } from "#shared/protocol/message/act.ts"
import type { Changes } from "../store/change.ts"

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/** An id that the same happening always has: made of its time, and of what tells it from others. */
export function idOf(at: number, ...what: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(what)).digest()
  const tail = [...hash.subarray(0, 16)].map((byte) => alphabet.charAt(byte % 32)).join("")
  return `chg_${encodeTime(at, 10)}${tail}`
}

const words = { guard: "The guard", expiry: "The expiry" } as const

/** From what an object became back to what it was. */
function backwards(step: ChangeStep, became: ChangeStep["after"]): ChangeStep {
  const verb = step.verb === "create" ? "delete" : step.verb === "delete" ? "create" : "patch"
  return {
    ...step,
    verb,
    resourceVersion: became?.metadata.resourceVersion ?? null,
    before: became,
    after: step.before,
    why: "",
  }
}

/** The entry of the history for what an agent undid by itself, or could not undo. */
export function takenBack(
  { header, events }: Changes.Entry,
  { clusterId, at, message }: { clusterId: string; at: number; message: Watched },
): Changes.Header {
  const own = header.clusters.filter(({ cluster }) => cluster === clusterId)
  const outcome = events.result.get(clusterId)?.outcome
  const done = outcome?.type === "apply" ? outcome.steps : []
  const steps = header.steps
    .filter(({ cluster }) => cluster === clusterId)
    .flatMap((step, i) =>
      done[i]?.state === "applied" ? [backwards(step, done[i].after ?? step.after)] : [],
    )
    .reverse()
  const isUndone = message.end === "undone"
  return {
    changeId: idOf(at, header.changeId, clusterId, message.why),
    at,
    by: { kind: "agent", id: clusterId, name: own[0]?.clusterName ?? clusterId },
    via: "agent",
    title: `${words[message.why]} ${isUndone ? "undid" : "could not undo"} "${header.title}": ${message.reason}`,
    services: header.services,
    intent: null,
    findings: { added: [], removed: [] },
    guard: null,
    revertAt: null,
    undoOf: header.changeId,
    clusters: own.map((one) => ({ ...one, commandId: null })),
    steps: isUndone ? steps : [],
    role: null,
    queued: false,
    ended: isUndone ? "applied" : "failed",
  }
}
