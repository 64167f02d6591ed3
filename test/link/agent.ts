import { type KeyObject, generateKeyPairSync, randomUUID, sign } from "node:crypto"
import { gunzipSync, gzipSync } from "node:zlib"
import { WebSocket } from "ws"
import { type BucketSum, emptySum, moveSum, normalSum, objectHash } from "#shared/kube/bucket.ts"
import { type KubeObject, refOf } from "#shared/kube/object.ts"
import type { Down } from "#shared/protocol/down.ts"
import { fromParts, parseFrame, toFrames } from "#shared/protocol/frame.ts"
import { keyText, ticketText } from "#shared/protocol/join.ts"
import { limits } from "#shared/protocol/limits.ts"
import { protocolVersion } from "#shared/protocol/version.ts"

/** The agent's end of the link, spoken by hand: what the product's agent would never send can be sent too. */

export const deflate = (text: string): string => gzipSync(text).toString("base64")
const inflate = (base64: string, maxBytes: number): string =>
  gunzipSync(Buffer.from(base64, "base64"), { maxOutputLength: maxBytes }).toString("utf8")

export type Answer<T> = { status: number; body: T & Record<string, unknown> }

export async function post<T>(url: string, body: unknown): Promise<Answer<T>> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as T & Record<string, unknown> }
}

const rawKey = (key: KeyObject): string => String(key.export({ format: "jwk" }).x)

export type Identity = {
  clusterId: string
  keyId: string
  clusterUid: string
  privateKey: KeyObject
  publicKey: string
}

export const newKey = (): { privateKey: KeyObject; publicKey: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  return { privateKey, publicKey: rawKey(publicKey) }
}

export const joinBody = (token: string, publicKey: string, clusterUid: string) => ({
  token,
  publicKey,
  clusterUid,
  agentVersion: "test",
  kubernetesVersion: "v1.36.0",
})

export async function join(
  server: string,
  token: string,
  clusterUid: string = randomUUID(),
): Promise<Identity> {
  const key = newKey()
  const { status, body } = await post<{ clusterId: string; keyId: string }>(
    `${server}/link/join`,
    joinBody(token, key.publicKey, clusterUid),
  )
  if (status !== 200) throw new Error(`join answered ${status}: ${JSON.stringify(body)}`)
  return { clusterId: body.clusterId, keyId: body.keyId, clusterUid, ...key }
}

export const challenge = (server: string, { clusterId, keyId }: Pick<Identity, "clusterId" | "keyId">) =>
  post<{ nonce: string }>(`${server}/link/challenge`, { clusterId, keyId })

export type Who = { instance: string; epoch: number }

/** The nonce of a challenge. */
async function nonceFor(server: string, identity: Identity): Promise<string> {
  const { status, body } = await challenge(server, identity)
  if (status !== 200) throw new Error(`challenge answered ${status}: ${JSON.stringify(body)}`)
  return body.nonce
}

export async function ticketBody(server: string, identity: Identity, who: Who) {
  const { clusterId, keyId } = identity
  const nonce = await nonceFor(server, identity)
  const request = { clusterId, keyId, nonce, ...who }
  const signature = sign(null, Buffer.from(ticketText(request)), identity.privateKey).toString("base64url")
  return { ...request, signature }
}

export const ticket = async (server: string, identity: Identity, who: Who) =>
  post<{ url: string }>(`${server}/link/ticket`, await ticketBody(server, identity, who))

export async function rotateKey(server: string, identity: Identity): Promise<Identity> {
  const key = newKey()
  const { clusterId, keyId } = identity
  const nonce = await nonceFor(server, identity)
  const request = { clusterId, keyId, nonce, publicKey: key.publicKey }
  const signature = sign(null, Buffer.from(keyText(request)), identity.privateKey).toString("base64url")
  const { body } = await post<{ keyId: string }>(`${server}/link/keys`, { ...request, signature })
  return { ...identity, ...key, keyId: body.keyId }
}

type Typed<T extends Down["type"]> = Extract<Down, { type: T }>

/** A websocket that keeps what came and lets a test wait for it. */
export class Peer {
  readonly socket: WebSocket
  readonly received: Down[] = []
  /** Called with each message, whoever waits for it. */
  onMessage: (message: Down) => void = () => undefined
  /** Texts that are not frames of ours: what the gateway itself says. */
  readonly foreign: string[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #parts = new Map<string, string[]>()
  #wake: () => void = () => undefined
  #taken = 0
  #over = false
  seq = 0

  constructor(url: string) {
    this.socket = new WebSocket(url, { perMessageDeflate: false })
    this.socket.on("error", () => undefined)
    this.socket.on("message", (data) => this.#take((data as Buffer).toString("utf8")))
    this.closed = new Promise((resolve) => {
      this.socket.once("close", (code, reason) => {
        this.#over = true
        this.#wake()
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  #take(text: string): void {
    try {
      const frame = parseFrame(text)
      const parts = this.#parts.get(frame.g) ?? []
      parts[frame.i] = frame.d
      this.#parts.set(frame.g, parts)
      if (parts.filter((part) => part !== undefined).length === frame.n) {
        const message = fromParts(parts, inflate) as Down
        this.received.push(message)
        this.onMessage(message)
      }
    } catch {
      this.foreign.push(text)
    }
    this.#wake()
  }

  /** Resolves when open; rejects with the status of a refused handshake. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once("open", resolve)
      this.socket.once("unexpected-response", (_, response) => {
        reject(new Error(`refused with ${response.statusCode ?? 0}`))
      })
      this.socket.once("error", reject)
    })
  }

  /** The next message of this type, in order; the ones before it are passed over. */
  async next<T extends Down["type"]>(
    type: T,
    fits: (message: Typed<T>) => boolean = () => true,
  ): Promise<Typed<T>> {
    for (;;) {
      while (this.#taken < this.received.length) {
        const message = this.received[this.#taken++]
        if (message?.type === type && fits(message as Typed<T>)) return message as Typed<T>
      }
      if (this.#over)
        throw new Error(`closed while waiting for ${type}; came: ${JSON.stringify(this.received)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  raw(text: string): void {
    this.socket.send(text)
  }

  /** Sends as frames under the next seq, or under its own when it has one. Answers the seq. */
  send(message: Record<string, unknown>): number {
    const seq = typeof message["seq"] === "number" ? message["seq"] : this.seq + 1
    this.seq = Math.max(this.seq, seq)
    for (const frame of toFrames({ ...message, seq }, randomUUID().slice(0, 8), deflate)) this.raw(frame)
    return seq
  }

  /** Sends and waits until it is stored. */
  async store(message: Record<string, unknown>): Promise<number> {
    const seq = this.send(message)
    await this.next("ack", (ack) => ack.seq >= seq)
    return seq
  }

  async close(): Promise<void> {
    this.socket.close()
    await this.closed
  }
}

export const helloOf = (identity: Identity, who: Who) => ({
  type: "hello",
  protocol: protocolVersion,
  agent: "test",
  instance: who.instance,
  epoch: who.epoch,
  clusterUid: identity.clusterUid,
  kubernetes: "v1.36.0",
  startedAt: 0,
})

/** Opens a websocket with a fresh ticket, without a hello. */
export async function connect(server: string, identity: Identity, who: Who): Promise<Peer> {
  const { status, body } = await ticket(server, identity, who)
  if (status !== 200) throw new Error(`ticket answered ${status}: ${JSON.stringify(body)}`)
  const peer = new Peer(body.url)
  await peer.opened()
  return peer
}

export const instanceOf = (name: string): string => `instance-${name}`

/** Connects and says hello. */
export async function meet(
  server: string,
  identity: Identity,
  who: Who = { instance: instanceOf("one"), epoch: 0 },
): Promise<Peer> {
  const peer = await connect(server, identity, who)
  peer.send(helloOf(identity, who))
  await peer.next("welcome")
  await peer.next("ack")
  return peer
}

export type BucketKey = [kind: string, namespace: string]

/** What an agent would have in its cache, and the messages it makes of it. */
export class Cache {
  readonly objects = new Map<string, KubeObject>()

  put(...objects: KubeObject[]): this {
    for (const object of objects) {
      const { kind, namespace, name } = refOf(object)
      this.objects.set(`${kind}/${namespace}/${name}`, object)
    }
    return this
  }

  remove(object: KubeObject): this {
    const { kind, namespace, name } = refOf(object)
    this.objects.delete(`${kind}/${namespace}/${name}`)
    return this
  }

  sums(): [string, string, number, number][] {
    const sums = new Map<string, { key: BucketKey; sum: BucketSum }>()
    for (const object of this.objects.values()) {
      const { kind, namespace } = refOf(object)
      const at = `${kind}/${namespace}`
      const before = sums.get(at)?.sum ?? emptySum
      sums.set(at, { key: [kind, namespace], sum: moveSum(before, undefined, objectHash(object)) })
    }
    return [...sums.values()].map(({ key, sum }) => [...key, sum.hash, sum.count])
  }

  root(): BucketSum {
    return this.sums().reduce(
      (all, [, , hash, count]) => normalSum({ hash: all.hash + hash, count: all.count + count }),
      emptySum,
    )
  }

  hashes(unknown: string[] = []) {
    return { type: "hashes", part: 0, parts: 1, buckets: this.sums(), unknown }
  }

  bucket([kind, namespace]: BucketKey) {
    const objects = [...this.objects.values()]
      .filter((object) => refOf(object).kind === kind && refOf(object).namespace === namespace)
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    return { type: "bucket", kind, namespace, after: "", upTo: null, objects }
  }

  status(at: number, state: "live" | "syncing" = "live") {
    const kinds = [...new Set([...this.objects.values()].map((object) => refOf(object).kind))]
    return {
      type: "status",
      at,
      kinds: kinds.map((kind) => ({
        kind,
        state,
        since: at,
        count: [...this.objects.values()].filter((object) => refOf(object).kind === kind).length,
        reason: "",
      })),
      telemetry: {
        source: "prometheus",
        state: "live",
        target: "http://prometheus:9090",
        lastTickAt: at,
        reason: "",
        queryMs: 3,
      },
      progress: { objects: this.objects.size, expected: this.objects.size },
      process: { rssBytes: 1, cpuMillicores: 1 },
      root: this.root(),
    }
  }

  /** Sums, whatever is needed, and the status: as the agent does after each welcome. Answers the buckets that were asked for. */
  async sync(peer: Peer, at: number): Promise<BucketKey[]> {
    const before = peer.received.length
    await peer.store(this.hashes())
    // What is needed comes before the acknowledgement.
    const wanted = peer.received
      .slice(before)
      .flatMap((message) => (message.type === "need" ? message.buckets : []))
    for (const bucket of wanted) await peer.store(this.bucket(bucket))
    await peer.store(this.status(at))
    return wanted
  }
}

export const pod = (name: string, extra: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "shop", labels: { app: name } },
  ...extra,
})

export const service = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop" },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80, protocol: "TCP" }] },
})

export { limits }
