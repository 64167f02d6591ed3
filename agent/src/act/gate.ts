import { allowedBy, identityOf } from "#shared/act/identity.ts"
import { type KubeIdentity, policyPlace, type Verb } from "#shared/act/policy.ts"
import { noPolicy, type PolicyReading, readPolicy } from "#shared/act/read-policy.ts"
import type { ObjectRef } from "#shared/kube/object.ts"
import type { Caller, FailureCode } from "#shared/protocol/command.ts"
import type { ActState } from "#shared/protocol/message/status.ts"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import type { AssertionCheck } from "./assertion.ts"
import type { PolicySource } from "./policy-source.ts"

export type Refusal = { code: FailureCode; message: string }

/** `as: null`: the agent's own account (try-out). */
export type Admission = { as: KubeIdentity | null } | { failure: Refusal }

/** What a command says of whoever asks. `digest`: of its action, to which an assertion may be bound. */
export type Asking = { caller: Caller; assertion: string | null; digest: string }

/** The cluster owner's word, before which nothing that the cloud says counts. */
export type Gate = {
  state(): Omit<ActState, "watching">
  /** As whom this caller writes. Reads the policy again when what is known of it is older than 5 s. */
  admit(asking: Asking): Promise<Admission>
  /** Null when the policy allows it. */
  allows(verb: Verb, ref: ObjectRef): Refusal | null
  /** Resolves after the signal. */
  done: Promise<void>
}

const everyMs = 5_000
/** A policy that could not be read for so long may say something else by now. */
const trustedMs = 60_000

const limits = { reason: 1_000, problem: 500, problems: 50 }
const notAllowed = (message: string): { failure: Refusal } => ({ failure: { code: "not_allowed", message } })

const nameOf = ({ kind, name, role }: Caller): string =>
  kind === "token" ? `the token ${name} (${role})` : `${name} (${role})`

/** The line that would map this caller. */
const lineFor = ({ kind, name }: Caller): string =>
  `- { who: { ${kind === "token" ? "token" : "member"}: ${JSON.stringify(name)} }, as: { user: USER, groups: [GROUP] } }`

export function createGate(options: {
  source: PolicySource
  assertions: AssertionCheck
  clock: Clock
  signal: AbortSignal
  log: Log
  /** The state is another one. */
  changed: () => void
}): Gate {
  const { source, assertions, clock, signal, log, changed } = options
  let reading: PolicyReading = noPolicy(`the policy (${source.place}) was not read yet`)
  let text: string | null | undefined
  let readAt = -Infinity
  let failure = ""
  let running: Promise<void> | undefined
  let said = ""

  function take(next: string | null): void {
    readAt = clock.now()
    failure = ""
    if (next === text) return
    text = next
    reading = next === null ? noPolicy(source.how) : readPolicy(next)
    const { policy, problems, reason } = reading
    log.info({ place: source.place, mode: policy.mode, problems, reason }, "the policy for writing was read")
  }

  async function read(): Promise<void> {
    try {
      take(await source.read(signal))
    } catch (error) {
      if (signal.aborted) return
      const words = error instanceof Error ? error.message : String(error)
      if (failure === "") log.warn({ place: source.place, reason: words }, "the policy cannot be read")
      failure = words
    }
    const now = JSON.stringify(state())
    if (now !== said) changed()
    said = now
  }

  /** One at a time: who comes while it is read waits for that. */
  const refresh = (): Promise<void> =>
    (running ??= read().finally(() => {
      running = undefined
    }))

  /** What counts now. Fails closed. */
  function current(): PolicyReading {
    if (clock.now() - readAt < trustedMs || failure === "") return reading
    return noPolicy(
      `writing is refused until the policy (${source.place}) can be read again: ${failure}. The agent wants the right to get it; the install manifest gives it`,
    )
  }

  function state(): Omit<ActState, "watching"> {
    const { policy, problems, reason } = current()
    const { identityProvider: idp } = policy
    return {
      mode: policy.mode,
      reason: reason.slice(0, limits.reason),
      problems: problems.slice(0, limits.problems).map((line) => line.slice(0, limits.problem)),
      identityProvider: idp
        ? { issuer: idp.issuer, audience: idp.audience, bindToChange: idp.bindToChange }
        : null,
      kinds: [...new Set(policy.allow.flatMap(({ kinds }) => kinds))],
    }
  }

  async function admit({ caller, assertion, digest }: Asking): Promise<Admission> {
    if (clock.now() - readAt >= everyMs) await refresh()
    const { policy, reason } = current()
    if (policy.mode === "off") return notAllowed(reason)
    if (policy.mode === "anonymous") return { as: null }
    if (policy.identityProvider !== undefined)
      return assertions.check(policy.identityProvider, { caller, assertion, digest })
    const as = identityOf(policy, caller)
    if (as !== null) return { as }
    return notAllowed(
      `the policy of this cluster maps ${nameOf(caller)} to nobody in Kubernetes; its owner would add under identities in the ConfigMap ${policyPlace.configMap}: ${lineFor(caller)}`,
    )
  }

  function allows(verb: Verb, ref: ObjectRef): Refusal | null {
    const { policy, reason } = current()
    const message = policy.mode === "off" ? reason : allowedBy(policy, verb, ref)
    return message === null ? null : { code: "not_allowed", message }
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      await refresh()
      await clock.sleep(everyMs * (0.9 + 0.2 * clock.random()), signal)
    }
  }
  return { state, admit, allows, done: follow() }
}
