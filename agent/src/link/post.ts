import http from "node:http"
import https from "node:https"

export type PostAnswer = { status: number; retryAfterSeconds: number | undefined; text: string }

/** Sends JSON and reads a short answer. @throws the connection's error; never on a status */
export type Post = (url: string, body: unknown, signal: AbortSignal) => Promise<PostAnswer>

const answerMs = 30_000
const maxAnswerBytes = 64 * 1024

async function textOf(answer: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxAnswerBytes) throw new Error(`answer of more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

/** By node's own client: `fetch` would cost 15 MB of resident memory for four small requests. It follows no redirects. */
export const post: Post = (url, body, signal) =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const send = url.startsWith("https:") ? https.request : http.request
    const request = send(url, {
      method: "POST",
      agent: false,
      signal,
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
        accept: "application/json",
        "user-agent": "smm-agent",
      },
    })
    request.setTimeout(answerMs, () => request.destroy(new Error(`no answer in ${answerMs / 1000} s`)))
    request.on("error", reject)
    request.on("response", (answer) => {
      textOf(answer).then((received) => {
        const seconds = Number(answer.headers["retry-after"])
        resolve({
          status: answer.statusCode ?? 0,
          retryAfterSeconds: seconds > 0 ? seconds : undefined,
          text: received,
        })
      }, reject)
    })
    request.end(text)
  })
