import { createHash } from "node:crypto"
import { z } from "zod"
import { canonicalJson } from "#shared/kube/bucket.ts"
import { Id } from "#shared/id.ts"
import {
  type Command,
  CommandPayload,
  commandText,
  type FailureCode,
  queuedLifeMs,
} from "#shared/protocol/command.ts"
import { record } from "#shared/topology/fact/read.ts"
import { isSigned, type Trust } from "./trust.ts"

export type Failure = { code: FailureCode; message: string }

/** Whose commands this agent takes; null of an agent that joined before there were keys. */
export type Standing = { organizationId: string; clusterId: string; trust: Trust }

/** A command that is what the cloud signed, for us, and in time. `digest` is of what it writes, for assertions that are bound to that. */
export type Checked = { payload: CommandPayload; digest: string }
/** `commandId`: as it says itself, for the answer; null when there is none to answer to. */
export type Refused = { commandId: string | null; failure: Failure }

/** Clocks may differ by so much; the cloud's is taken for the measure. */
const skewMs = 60_000

const Claimed = z.object({ id: Id.command })

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const digestOf = (action: unknown): string =>
  createHash("sha256")
    .update(canonicalJson(boundPart(action)), "utf8")
    .digest("base64url")

/**
 * What an assertion is bound to: the writes themselves, which a check of them already has. Ids and times are the cloud's, and known too late.
 */
function boundPart(action: unknown): unknown {
  const { steps, conflicts } = record(action)
  return steps === undefined ? action : { steps, conflicts }
}

function keyFailure({ keyId, payload, signature }: Command, { trust }: Standing): string | null {
  if (trust.retired.includes(keyId))
    return `the key ${keyId} was retired; nothing signed with it is carried out`
  const key = trust.keys.find((candidate) => candidate.keyId === keyId)
  if (!key)
    return `the key ${keyId} is not one that this agent trusts: it was neither pinned at the join nor vouched for since`
  if (!isSigned(key.publicKey, commandText(payload), signature))
    return `the signature does not fit the command; it was altered, or signed with another key than ${keyId}`
  return null
}

function placeFailure(payload: CommandPayload, standing: Standing): string | null {
  const { organizationId, clusterId } = payload
  if (organizationId !== standing.organizationId)
    return `the command is for the organization ${organizationId}; this agent belongs to ${standing.organizationId}`
  if (clusterId !== standing.clusterId)
    return `the command is for the cluster ${clusterId}; this is ${standing.clusterId}`
  return null
}

const at = (ms: number): string => new Date(ms).toISOString()

export function timeFailure({ issuedAt, expiresAt }: CommandPayload, now: number): string | null {
  if (expiresAt <= now) return `the command expired at ${at(expiresAt)}; it is ${at(now)}. Send it anew`
  if (issuedAt > now + skewMs)
    return `the command is of ${at(issuedAt)}, which is in the future: it is ${at(now)}`
  if (expiresAt - issuedAt > queuedLifeMs + skewMs)
    return `the command lives from ${at(issuedAt)} to ${at(expiresAt)}, longer than the ${queuedLifeMs / 3_600_000} h that any may`
  return null
}

/** Reads nothing of a command before its signature fits. `now` is the cloud's time. */
export function checkCommand(command: Command, standing: Standing | null, now: number): Checked | Refused {
  const raw = parsed(command.payload)
  const commandId = Claimed.safeParse(raw).data?.id ?? null
  const refuse = (message: string): Refused => ({ commandId, failure: { code: "command", message } })
  if (standing === null)
    return refuse(
      "this agent joined before commands were signed and has no key to check them with; join again to write",
    )
  const key = keyFailure(command, standing)
  if (key !== null) return refuse(key)
  const read = CommandPayload.safeParse(raw)
  if (!read.success) {
    const issue = read.error.issues[0]
    return refuse(
      `this agent cannot read the command (${issue?.path.join(".") ?? ""}: ${issue?.message ?? "no JSON"}); is it of an older version than the cloud?`,
    )
  }
  const failure = placeFailure(read.data, standing) ?? timeFailure(read.data, now)
  if (failure !== null) return refuse(failure)
  return { payload: read.data, digest: digestOf((raw as { action: unknown }).action) }
}
