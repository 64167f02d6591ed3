import { generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto"
import { gunzipSync, gzipSync } from "node:zlib"
import { WebSocket } from "ws"
import { fromParts, parseFrame, toFrames } from "#shared/protocol/frame.ts"
import { ChallengeAnswer, JoinAnswer, TicketAnswer, ticketText } from "#shared/protocol/join.ts"
import { Down } from "#shared/protocol/down.ts"
import type { Up } from "#shared/protocol/up.ts"
import { protocolVersion } from "#shared/protocol/version.ts"

type Unsent<T> = T extends { seq: number } ? Omit<T, "seq"> : never

/** The least that speaks the link as an agent does; the cluster behind it has no objects. */
export type FakeAgent = {
  /** Resolves with the milliseconds until the acknowledgement. */
  send(message: Unsent<Up>): Promise<number>
  close(): void
}

async function post(url: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

async function ticketUrl(
  server: string,
  token: string,
  instance: string,
  clusterUid: string,
): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519")
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64url")
  const joined = JoinAnswer.parse(
    await post(`${server}/link/join`, {
      token,
      publicKey: raw,
      clusterUid,
      agentVersion: "bench",
      kubernetesVersion: "v1.36.3",
    }),
  )
  const { clusterId, keyId } = joined
  const { nonce } = ChallengeAnswer.parse(await post(`${server}/link/challenge`, { clusterId, keyId }))
  const request = { clusterId, keyId, nonce, instance, epoch: 0 }
  const signature = sign(null, Buffer.from(ticketText(request)), privateKey).toString("base64url")
  return TicketAnswer.parse(await post(`${server}/link/ticket`, { ...request, signature })).url
}

const deflate = (text: string): string => gzipSync(text).toString("base64")
const inflate = (base64: string, maxOutputLength: number): string =>
  gunzipSync(Buffer.from(base64, "base64"), { maxOutputLength }).toString("utf8")

/** Joins, connects and says hello. */
export async function connectFakeAgent(server: string, token: string): Promise<FakeAgent> {
  const instance = randomBytes(8).toString("hex")
  const clusterUid = randomUUID()
  const socket = new WebSocket(await ticketUrl(server, token, instance, clusterUid), {
    perMessageDeflate: false,
  })
  const waiting = new Map<number, { sentAt: number; done: (ms: number) => void }>()
  const welcomed = Promise.withResolvers<undefined>()
  socket.on("message", (data: Buffer) => {
    const down = Down.safeParse(fromParts([parseFrame(data.toString("utf8")).d], inflate))
    if (!down.success) return
    if (down.data.type === "welcome") welcomed.resolve(undefined)
    if (down.data.type === "bye") welcomed.reject(new Error(down.data.message))
    if (down.data.type !== "ack") return
    for (const [seq, { sentAt, done }] of waiting) {
      if (seq > down.data.seq) continue
      waiting.delete(seq)
      done(performance.now() - sentAt)
    }
  })
  socket.on("close", (code, reason) => welcomed.reject(new Error(`closed with ${code} ${reason.toString()}`)))
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject))
  let seq = 0
  const send = (message: Unsent<Up>): Promise<number> => {
    const own = ++seq
    const frames = toFrames({ ...message, seq: own }, String(own), deflate)
    return new Promise((done) => {
      waiting.set(own, { sentAt: performance.now(), done })
      for (const frame of frames) socket.send(frame)
    })
  }
  void send({
    type: "hello",
    protocol: protocolVersion,
    agent: "bench",
    instance,
    epoch: 0,
    clusterUid,
    kubernetes: "v1.36.3",
    startedAt: Date.now(),
  })
  await welcomed.promise
  return { send, close: () => socket.close() }
}
