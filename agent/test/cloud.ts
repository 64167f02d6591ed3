import { createPublicKey, randomBytes, verify } from "node:crypto"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { type WebSocket, WebSocketServer } from "ws"
import type { ErrorCode } from "#shared/error.ts"
import { type BucketSum, emptySum, moveSum, objectHash } from "#shared/kube/bucket.ts"
import { type KubeObject, refOf } from "#shared/kube/object.ts"
import type { Down } from "#shared/protocol/down.ts"
import { fromParts, parseFrame, toFrames } from "#shared/protocol/frame.ts"
import { keyText, ticketText, type TicketRequest } from "#shared/protocol/join.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Bucket, Hashes } from "#shared/protocol/message/state.ts"
import { Up } from "#shared/protocol/up.ts"
import { deflate, inflate } from "#agent/link/codec.ts"

export type TestConnection = {
  session: number
  epoch: number
  /** Everything that came, in order. */
  got: Up[]
  frames: number[]
  send(message: Down): void
  close(): void
  /** Ends it without a word, as a broken network does. */
  terminate(): void
  open: boolean
  acked: number
}

/** A cloud that keeps to the protocol, in one process: the agent's tests look into it and make it misbehave. */
export type TestCloud = {
  url: string
  token: string
  connections: TestConnection[]
  objects: Map<string, KubeObject>
  ticks: { late: boolean; at: number }[]
  /** Answers of the steps over HTTPS that are refused, by step. */
  refuse: Map<string, { code: ErrorCode; retryAfterSeconds?: number }>
  /** No acknowledgements while true. */
  mute: boolean
  /** Told behind the welcome. */
  paceAtOnce: number | undefined
  keys: Map<string, string>
  joins: number
  retireOthers: boolean
  close(): Promise<void>
}

const clusterId = "cls_01ARZ3NDEKTSV4RRFFQ69G5FAV"
const at = (kind: string, namespace: string, name: string): string => `${kind}|${namespace}|${name}`
const bucketsOf = (objects: Map<string, KubeObject>): Map<string, BucketSum> => {
  const sums = new Map<string, BucketSum>()
  for (const object of objects.values()) {
    const { kind, namespace } = refOf(object)
    const key = `${kind}|${namespace}`
    sums.set(key, moveSum(sums.get(key) ?? emptySum, undefined, objectHash(object)))
  }
  return sums
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>
}

export async function startTestCloud(): Promise<TestCloud> {
  const tickets = new Map<string, number>()
  const nonces = new Set<string>()
  const cloud: TestCloud = {
    url: "",
    token: `smj_${"a".repeat(43)}`,
    connections: [],
    objects: new Map(),
    ticks: [],
    refuse: new Map(),
    mute: false,
    paceAtOnce: undefined,
    keys: new Map(),
    joins: 0,
    retireOthers: false,
    close,
  }

  function proves(body: Record<string, unknown>, text: string): boolean {
    const x = cloud.keys.get(String(body["keyId"]))
    if (x === undefined || !nonces.delete(String(body["nonce"]))) return false
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } })
    return verify(null, Buffer.from(text), key, Buffer.from(String(body["signature"]), "base64url"))
  }

  const register = (publicKey: string): string => {
    const keyId = `key_01ARZ3NDEKTSV4RRFFQ69G5F${String(cloud.keys.size).padStart(2, "0")}`
    cloud.keys.set(keyId, publicKey)
    return keyId
  }

  const steps: Record<string, (body: Record<string, unknown>) => object | undefined> = {
    join(body) {
      if (body["token"] !== cloud.token) return undefined
      cloud.joins += 1
      return { clusterId, keyId: register(String(body["publicKey"])), name: "test" }
    },
    challenge() {
      const nonce = randomBytes(32).toString("base64url")
      nonces.add(nonce)
      return { nonce, expiresAt: Date.now() + limits.nonceMs }
    },
    ticket(body) {
      if (!proves(body, ticketText(body as TicketRequest))) return undefined
      const ticket = randomBytes(12).toString("hex")
      tickets.set(ticket, Number(body["epoch"]))
      return {
        url: `${cloud.url.replace("http", "ws")}/link?ticket=${ticket}`,
        expiresAt: Date.now() + 60_000,
      }
    },
    keys(body) {
      if (!proves(body, keyText(body as Parameters<typeof keyText>[0]))) return undefined
      return { keyId: register(String(body["publicKey"])) }
    },
  }

  const server = createServer((request, response) => {
    const step = (request.url ?? "").replace("/link/", "")
    const answer = (status: number, body: object, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))
    }
    const deny = (code: ErrorCode, status: number, retryAfterSeconds?: number): void =>
      answer(
        status,
        { type: "", title: "", status, code, detail: `refused with ${code}`, requestId: "r" },
        retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) },
      )
    void bodyOf(request).then((body) => {
      const refused = cloud.refuse.get(step)
      if (refused) return deny(refused.code, 400, refused.retryAfterSeconds)
      const done = steps[step]?.(body)
      if (done) answer(200, done)
      else deny(step === "join" ? "join.invalid" : "link.denied", 401)
    })
  })
  const sockets = new WebSocketServer({ server, maxPayload: limits.frameBytes })

  function compare(connection: TestConnection, { buckets, parts, unknown }: Hashes): void {
    const wanted: [string, string][] = []
    const sums = bucketsOf(cloud.objects)
    for (const [kind, namespace, hash, count] of buckets) {
      const stored = sums.get(`${kind}|${namespace}`) ?? emptySum
      sums.delete(`${kind}|${namespace}`)
      if (stored.hash !== hash || stored.count !== count) wanted.push([kind, namespace])
    }
    if (parts === 1)
      for (const [key, object] of cloud.objects) {
        const { kind, namespace } = refOf(object)
        if (sums.has(`${kind}|${namespace}`) && !unknown.includes(kind)) cloud.objects.delete(key)
      }
    if (wanted.length > 0) connection.send({ type: "need", buckets: wanted, hashes: false })
  }

  const put = (object: KubeObject): void => {
    const { kind, namespace, name } = refOf(object)
    cloud.objects.set(at(kind, namespace, name), object)
  }

  function replace({ kind, namespace, after, upTo, objects }: Bucket): void {
    for (const [key, object] of cloud.objects) {
      const ref = refOf(object)
      const inside = ref.name > after && (upTo === null || ref.name <= upTo)
      if (ref.kind === kind && ref.namespace === namespace && inside) cloud.objects.delete(key)
    }
    objects.forEach(put)
  }

  function take(connection: TestConnection, message: Up): void {
    if (message.type === "hashes") compare(connection, message)
    else if (message.type === "bucket") replace(message)
    else if (message.type === "delta") {
      message.put.forEach(put)
      for (const [kind, namespace, name] of message.remove) cloud.objects.delete(at(kind, namespace, name))
    } else if (message.type === "tick") cloud.ticks.push({ late: message.late, at: message.tick.at })
  }

  sockets.on("connection", (socket: WebSocket, request) => {
    const ticket = new URL(request.url ?? "", "http://x").searchParams.get("ticket") ?? ""
    const epoch = tickets.get(ticket)
    if (!tickets.delete(ticket)) return socket.close(1008)
    let parts: string[] = []
    let group = 0
    const connection: TestConnection = {
      session: cloud.connections.length + 1,
      epoch: epoch ?? 0,
      got: [],
      frames: [],
      open: true,
      acked: 0,
      send(message) {
        group += 1
        for (const frame of toFrames(message, String(group), deflate)) socket.send(frame)
      },
      close: () => socket.close(1001),
      terminate: () => socket.terminate(),
    }
    cloud.connections.push(connection)
    socket.on("close", () => {
      connection.open = false
    })
    socket.on("message", (data) => {
      const text = String(data)
      connection.frames.push(text.length)
      const frame = parseFrame(text)
      parts[frame.i] = frame.d
      if (parts.length < frame.n) return
      const message = Up.parse(fromParts(parts, inflate))
      parts = []
      connection.got.push(message)
      if (message.type === "hello") {
        connection.send({
          type: "welcome",
          session: connection.session,
          serverAt: Date.now(),
          tickMs: 60_000,
          maxUnacked: 4,
        })
        if (cloud.paceAtOnce !== undefined) connection.send({ type: "pace", tickMs: cloud.paceAtOnce })
      }
      if (cloud.mute) return
      take(connection, message)
      connection.acked = message.seq
      connection.send({ type: "ack", seq: message.seq })
    })
  })

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function close(): Promise<void> {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return cloud
}
