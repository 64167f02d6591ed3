import { createPublicKey, verify } from "node:crypto"
import { createClient, type Client } from "#shared/api/client.ts"
import type { ClusterInstall } from "#shared/api/cluster.ts"
import { patched } from "#shared/edit/patch.ts"
import { inventoryKinds } from "#shared/kube/kinds.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import {
  type Command,
  type CommandOutcome,
  CommandPayload,
  type WireStep,
  commandText,
} from "#shared/protocol/command.ts"
import type { Down } from "#shared/protocol/down.ts"
import type { ActState } from "#shared/protocol/message/status.ts"
import { Cache, type Identity, type Peer, instanceOf, joinBody, meet, newKey, post } from "./agent.ts"
import { api } from "./console.ts"
import type { Stage } from "./transport.ts"

/** An agent that acts, spoken by hand: it checks what it gets as an agent must, and answers as a test says. */

export const mapped: ActState = {
  mode: "mapped",
  reason: "",
  problems: [],
  identityProvider: null,
  kinds: [],
  watching: 0,
}

const as = { user: "ann", groups: ["mesh"] }
type Apply = Extract<CommandPayload["action"], { type: "apply" }>
type Outcome = Extract<CommandOutcome, { type: "apply" }>
export type Answer = (payload: CommandPayload) => CommandOutcome | "silent"

export const clientOf = (server: string, token: string): Client =>
  createClient({ server, token, fetch: (url, init) => fetch(url, init) })

export class ActingAgent {
  readonly identity: Identity & { commandKey: { keyId: string; publicKey: string } }
  readonly cache: Cache
  readonly #server: string
  readonly #now: () => number
  peer: Peer | undefined
  /** What came, as often as it came. */
  readonly commands: CommandPayload[] = []
  /** What was carried out, by command: an agent does nothing twice. */
  readonly done = new Map<string, CommandOutcome>()
  act: ActState = mapped
  answer: Answer = (payload) => this.carryOut(payload)
  #version = 100

  constructor(
    stage: { server: string; now: () => number },
    identity: ActingAgent["identity"],
    objects: readonly KubeObject[],
  ) {
    this.#server = stage.server
    this.#now = stage.now
    this.identity = identity
    this.cache = new Cache().put(...objects)
  }

  get clusterId(): string {
    return this.identity.clusterId
  }

  status(): Record<string, unknown> {
    const status = this.cache.status(this.#now())
    const told = new Set(status.kinds.map(({ kind }) => kind))
    const kinds = inventoryKinds
      .filter(({ key }) => !told.has(key))
      .map(({ key: kind }) => ({ kind, state: "live", since: 0, count: 0, reason: "" }))
    return { ...status, kinds: [...status.kinds, ...kinds], act: this.act }
  }

  /** Connects, sends what it has, and carries out what comes from here on. */
  async connect(instance = "one"): Promise<this> {
    const peer = await meet(this.#server, this.identity, { instance: instanceOf(instance), epoch: 0 })
    this.peer = peer
    for (const message of peer.received) this.#take(message)
    peer.onMessage = (message) => {
      this.#take(message)
    }
    await this.sync()
    return this
  }

  async disconnect(): Promise<void> {
    await this.peer?.close()
  }

  #read({ keyId, payload, signature }: Command): CommandPayload {
    const { commandKey, clusterId } = this.identity
    if (keyId !== commandKey.keyId) throw new Error(`signed with ${keyId}`)
    const x = commandKey.publicKey
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } })
    if (!verify(null, Buffer.from(commandText(payload)), key, Buffer.from(signature, "base64url")))
      throw new Error("the signature does not fit")
    const read = CommandPayload.parse(JSON.parse(payload))
    if (read.clusterId !== clusterId) throw new Error(`is for ${read.clusterId}`)
    return read
  }

  #take(message: Down): void {
    if (message.type !== "command") return
    const payload = this.#read(message)
    this.commands.push(payload)
    const outcome = this.done.get(payload.id) ?? this.answer(payload)
    if (outcome === "silent") return
    this.done.set(payload.id, outcome)
    this.result(payload.id, outcome)
  }

  result(commandId: string, outcome: CommandOutcome): number | undefined {
    return this.peer?.send({ type: "result", commandId, at: this.#now(), outcome })
  }

  #write(step: WireStep): KubeObject | null {
    const id = `${step.object.kind}/${step.object.namespace}/${step.object.name}`
    const before = this.cache.objects.get(id)
    if (step.verb === "delete") {
      this.cache.objects.delete(id)
      return null
    }
    const after = step.create ?? (before && patched(before, step.patch ?? []))
    if (!after) throw new Error(`${id} is not there`)
    const written = { ...after, metadata: { ...after.metadata, resourceVersion: String(++this.#version) } }
    this.cache.objects.set(id, written)
    return written
  }

  carryOut({ action }: CommandPayload): CommandOutcome {
    switch (action.type) {
      case "apply":
        return this.apply(action)
      case "release":
        return { type: "release", failure: null }
      case "access":
        return { type: "access", as, failure: null, lines: [] }
      case "check":
        return {
          type: "check",
          as,
          failure: null,
          steps: action.steps.map(({ verb, object }) => ({
            live: null,
            access: { ...object, verb, allowed: true, reason: "", grant: null },
            owners: [],
            dryRun: { state: "passed", code: null, message: "", after: null },
          })),
        }
    }
  }

  apply({ steps }: Apply): Outcome {
    return {
      type: "apply",
      as,
      failure: null,
      steps: steps.map((step) => {
        const after = this.#write(step)
        const resourceVersion = after?.metadata.resourceVersion ?? null
        return { state: "applied", code: null, message: "", resourceVersion, after, owners: [] }
      }),
    }
  }

  /** The first `n` steps, then one that fails. */
  fail({ steps }: Apply, n: number, message = "admission said no"): Outcome {
    const done = this.apply({ steps: steps.slice(0, n) } as Apply)
    const none = { resourceVersion: null, after: null, owners: [] }
    return {
      ...done,
      steps: steps.map(
        (_, i) =>
          done.steps[i] ??
          (i === n
            ? { ...none, state: "failed" as const, code: "refused" as const, message }
            : { ...none, state: "skipped" as const, code: null, message: "" }),
      ),
    }
  }

  /** Tells the cloud what the cache holds now. */
  async sync(): Promise<void> {
    const { peer } = this
    if (!peer) throw new Error("not connected")
    await this.cache.sync(peer, this.#now())
    await peer.store(this.status())
  }
}

/** Adds a cluster and lets an agent join it; it is not connected yet. */
export async function joinActing(
  stage: Stage,
  name: string,
  objects: readonly KubeObject[],
): Promise<ActingAgent> {
  const { body } = await api<ClusterInstall>(stage.server, stage.tenant.tokens.owner, "POST", "/clusters", {
    name,
    write: ["traffic"],
  })
  const key = newKey()
  const clusterUid = crypto.randomUUID()
  const joined = await post<ActingAgent["identity"]>(
    `${stage.server}/link/join`,
    joinBody(body.token, key.publicKey, clusterUid),
  )
  const identity = { ...joined.body, ...key, clusterUid }
  return new ActingAgent({ server: stage.server, now: () => stage.clock.at }, identity, objects)
}
