import type { ServerResponse } from "node:http"
import type { Call } from "./call.ts"
import type { Shape } from "./form.ts"
import { numberOf } from "./request.ts"
import { StatusError } from "./status.ts"
import type { Sink, Watches } from "./watch.ts"

function sinkOf(response: ServerResponse): Sink {
  return {
    write: (line) => void response.write(line),
    get waiting() {
      return response.writableLength
    },
    end: () => void response.end(),
    reset: () => response.socket?.resetAndDestroy(),
  }
}

/** How long before its end a watch gets a last bookmark. */
const lastBookmarkMs = 2000

/** Answers with a stream of events until the client goes or `timeoutSeconds` are over (half an hour when not given). */
export function startWatch({ response, info, parts }: Call, shape: Shape, namespace: string): void {
  const seconds = numberOf(info.query, "timeoutSeconds") ?? 1800
  const timers: NodeJS.Timeout[] = []
  const sink = sinkOf(response)
  response.on("error", () => undefined)
  response.setHeader("content-type", "application/json")
  response.setHeader("cache-control", "no-cache, private")
  let watch: ReturnType<Watches["start"]>
  try {
    watch = parts.watches.start(shape, namespace, info.query, sink)
  } catch (error) {
    // the API server has already answered 200 when it finds that the version is gone
    if (!(error instanceof StatusError) || error.code !== 410) throw error
    response.end(`${JSON.stringify({ type: "ERROR", object: error.body() })}\n`)
    return
  }
  response.flushHeaders()
  const end = () => {
    watch.end()
    for (const timer of timers) clearTimeout(timer)
  }
  response.on("close", end)
  timers.push(
    setTimeout(
      () => {
        watch.bookmark()
      },
      Math.max(0, seconds * 1000 - lastBookmarkMs),
    ),
    setTimeout(() => {
      end()
      response.end()
    }, seconds * 1000),
  )
}
