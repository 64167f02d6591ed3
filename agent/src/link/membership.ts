import { AppError, type ErrorCode } from "#shared/error.ts"
import { JoinToken } from "#shared/protocol/join.ts"
import type { KeyCertificate } from "#shared/protocol/command.ts"
import type { Standing } from "../act/command.ts"
import { learned, pinned } from "../act/trust.ts"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import type { Identity, IdentityStore } from "./identity.ts"
import { createKeyPair, tokenHash } from "./key.ts"
import type { Credential, Steps } from "./steps.ts"

/** Nothing but a person can help: the message says how. */
export class MembershipEnded extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "MembershipEnded"
    this.code = code
  }
}

export type Facts = { clusterUid: string; kubernetesVersion: string; agentVersion: string }

export type Membership = {
  /** The identity: kept from before, or joined now with the token. @throws MembershipEnded, or an error worth another try */
  enter(facts: Facts): Promise<Identity>
  /** The key to sign with: the next one while a rotation is under way. */
  credential(): Credential
  /** A connection was made with `credential()`. */
  proven(): Promise<void>
  /** The cloud does not take this key. Resolves when it is worth to `enter` again. @throws MembershipEnded */
  refused(code: ErrorCode, message: string): Promise<void>
  /** Begins a rotation when the key is old. */
  rotate(): Promise<void>
  /** Whose commands are good; null before the join, and of one from before commands were signed. */
  standing(): Standing | null
  /** Takes the certificates of a welcome, and keeps what they change. */
  learn(certificates: readonly KeyCertificate[]): Promise<void>
}

const keyLifeMs = 30 * 24 * 60 * 60_000

/** What no other try with the same token changes. */
const deadToken: readonly ErrorCode[] = [
  "join.invalid",
  "join.expired",
  "join.used",
  "join.wrong_cluster",
  "cluster.already_joined",
  "input.invalid",
]

/** The membership that the cloud knows: the one that is kept, or the one before a join that has not ended. */
const livingOf = (kept: Identity | undefined): Identity | undefined =>
  kept?.clusterId === "" ? kept.previous : kept

const howTo = "make a new join token on the page Clusters, or with: smm clusters add"

export function createMembership(options: {
  steps: Steps
  store: IdentityStore
  server: string
  /** The join token, where one is given; read again at each need, since a Secret may have changed. */
  token: () => Promise<string | undefined>
  clock: Clock
  signal: AbortSignal
  log: Log
}): Membership {
  const { steps, store, server, clock, signal, log } = options
  let identity: Identity | undefined
  let denials = 0
  /** Hash of a token that was refused for good. */
  let dead = ""
  const isDead = (token: string): boolean => tokenHash(token) === dead

  const known = (): Identity => {
    if (!identity) throw new Error("there is no identity before the join")
    return identity
  }

  async function save(next: Identity): Promise<void> {
    await store.save(next, signal)
    identity = next
  }

  async function join(token: string, facts: Facts, previous: Identity | undefined): Promise<Identity> {
    if (!JoinToken.safeParse(token).success)
      throw new MembershipEnded(
        "join.invalid",
        `the join token is not one (smj_ and 43 characters); ${howTo}`,
      )
    const joinedWith = tokenHash(token)
    // The key is kept before it is registered: an answer that is lost is asked for again with the same key.
    const begun = identity?.clusterId === "" && identity.joinedWith === joinedWith
    if (!begun) {
      const key = { ...createKeyPair(), keyId: "", createdAt: clock.now() }
      await save({
        version: 1,
        clusterId: "",
        name: "",
        server,
        joinedWith,
        key,
        ...(previous === undefined ? {} : { previous }),
      })
    }
    const { key } = known()
    try {
      const answer = await steps.join({ token, publicKey: key.publicKey, ...facts })
      const { clusterId, keyId, name, organizationId, commandKey } = answer
      await save({
        version: 1,
        clusterId,
        name,
        server,
        joinedWith,
        key: { ...key, keyId },
        ...(organizationId === undefined ? {} : { organizationId }),
        ...(commandKey === undefined ? {} : { commandTrust: pinned(commandKey) }),
      })
      log.info({ clusterId, name }, "joined")
      return known()
    } catch (error) {
      if (error instanceof AppError && deadToken.includes(error.code))
        throw new MembershipEnded(error.code, `cannot join: ${error.message}`, { cause: error })
      throw error
    }
  }

  return {
    async enter(facts) {
      const kept = (identity = await store.load(signal))
      const before = livingOf(kept)
      const token = await options.token()
      if (before && (token === undefined || before.joinedWith === tokenHash(token) || isDead(token))) {
        if (before !== kept) await save(before)
        return before
      }
      if (token === undefined)
        throw new MembershipEnded(
          "join.invalid",
          `no join token is given and ${store.place} holds no identity; ${howTo}`,
        )
      try {
        return await join(token, facts, before)
      } catch (error) {
        if (error instanceof MembershipEnded) dead = tokenHash(token)
        // A token that is dead does not take away an identity that lives: the manifest was applied again with an old one.
        if (!(error instanceof MembershipEnded) || !before) throw error
        log.warn(
          { reason: error.message },
          "the new join token is not good; staying with the identity of before",
        )
        await save(before)
        return before
      }
    },
    credential() {
      const { clusterId, key, next } = known()
      const { keyId, privateKey } = next && next.keyId !== "" ? next : key
      return { clusterId, keyId, privateKey }
    },
    async proven() {
      denials = 0
      const { next, ...rest } = known()
      if (next && next.keyId !== "") await save({ ...rest, key: next })
    },
    async refused(code, message) {
      const { next, ...rest } = known()
      if (next && code === "link.denied") return save(rest)
      denials += 1
      const token = await options.token()
      if (token !== undefined && rest.joinedWith !== tokenHash(token) && !isDead(token)) return
      // The other replica may have rotated the key or joined anew: what is kept is read again before giving up.
      const kept = await store.load(signal)
      if (kept !== undefined && kept.key.publicKey !== rest.key.publicKey) return
      if (code === "link.denied" && denials < 3) return
      throw new MembershipEnded(code, message)
    },
    async rotate() {
      const current = known()
      if (clock.now() - current.key.createdAt < keyLifeMs || current.next) return
      const next = { ...createKeyPair(), createdAt: clock.now() }
      const { clusterId, key } = current
      const keyId = await steps.addKey(
        { clusterId, keyId: key.keyId, privateKey: key.privateKey },
        next.publicKey,
      )
      await save({ ...known(), next: { ...next, keyId } })
      log.info({ keyId }, "a new key follows the old one at the next connection")
    },
    standing() {
      const { organizationId, clusterId = "", commandTrust: trust } = identity ?? {}
      if (organizationId === undefined || trust === undefined || clusterId === "") return null
      return { organizationId, clusterId, trust }
    },
    async learn(certificates) {
      const { commandTrust: trust } = known()
      const next = trust && learned(trust, certificates)
      if (next === trust || next === undefined) return
      // It counts from now on, kept or not: a key that is retired must not be good until the API server answers.
      identity = { ...known(), commandTrust: next }
      await save(identity)
      log.info({ keys: next.keys.map(({ keyId }) => keyId) }, "the keys of the cloud's commands are others")
    },
  }
}
