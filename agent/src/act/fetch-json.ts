import http from "node:http"
import https from "node:https"

/** The JSON at an address. @throws Error with one line that says what is wrong */
export type FetchJson = (url: string, signal: AbortSignal) => Promise<unknown>

const answerMs = 5_000
const maxAnswerBytes = 256 * 1024
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Plain http only within the machine: whoever stands between could give keys of his own. */
export function isTrustworthyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === "https:" || (protocol === "http:" && loopback.test(hostname))
}

async function jsonOf(answer: http.IncomingMessage): Promise<unknown> {
  if (answer.statusCode !== 200) throw new Error(`answer ${answer.statusCode ?? 0}`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxAnswerBytes) throw new Error(`answer of more than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown
}

/** Follows no redirect: the address is the one that was pinned. */
export const fetchJson: FetchJson = (url, signal) => {
  if (!isTrustworthyUrl(url)) return Promise.reject(new Error(`${url}: wants https (http only on loopback)`))
  const until = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
  return new Promise<unknown>((resolve, reject) => {
    const get = url.startsWith("https:") ? https.get : http.get
    const headers = { accept: "application/json", "user-agent": "smm-agent" }
    const request = get(url, { agent: false, signal: until, headers })
    request.on("error", reject)
    request.on("response", (answer) => {
      jsonOf(answer)
        .then(resolve, reject)
        .finally(() => answer.destroy())
    })
  }).catch((error: unknown) => {
    const words =
      until.aborted && !signal.aborted
        ? `no answer in ${answerMs / 1000} s`
        : String((error as Error).message)
    throw new Error(`${url}: ${words}`, { cause: error })
  })
}
