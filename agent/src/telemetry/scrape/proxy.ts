import { Agent } from "undici"
import type { Clock } from "#agent/clock.ts"
import { TelemetryFailure } from "../source.ts"

/** Where to read, and whether others are read at the same address: only then the connection is kept. */
export type ProxyAddress = { url: string; isShared: boolean }

/** Reads the metrics of proxies as bytes. */
export type ProxyClient = {
  /** Hands on the bytes as they come; resolves to how many. @throws TelemetryFailure, or the transport's error */
  read(address: ProxyAddress, take: (bytes: Buffer) => void): Promise<number>
  /** Ends what is under way. */
  abort(reason: Error): void
  close(): Promise<void>
}

export type ProxyClientOptions = {
  clock: Clock
  /** Until the connection, until the headers, and between two pieces of the body. */
  timeoutMs: number
  /** Of one whole answer, in time and size. */
  maxMs: number
  maxBytes: number
}

export function createProxyClient({ clock, timeoutMs, maxMs, maxBytes }: ProxyClientOptions): ProxyClient {
  const options = {
    connect: { timeout: timeoutMs, rejectUnauthorized: false },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  }
  /**
   * A connection to each of 5,000 pods would last for longer than it is used, and with all that belongs to it would take 100 MB: it is closed
   * after the answer, and there is no pool for the next one.
   */
  const single = new Agent({ ...options, connections: 1, allowH2: false })
  const shared = new Agent({ ...options, keepAliveTimeout: 4_000 })
  const running = new Set<(reason: Error) => void>()

  const read: ProxyClient["read"] = ({ url, isShared }, take) =>
    new Promise<number>((resolve, reject) => {
      const { origin, pathname, search } = new URL(url)
      const begin = clock.now()
      let size = 0
      let stop = (reason: Error): void => fail(reason)
      const abort = (reason: Error): void => stop(reason)
      const fail = (error: Error): void => {
        running.delete(abort)
        reject(error)
      }
      running.add(abort)
      ;(isShared ? shared : single).dispatch(
        {
          ...{ origin, path: pathname + search, method: "GET", reset: !isShared },
          headers: { accept: "text/plain" },
        },
        {
          onRequestStart: (controller) => {
            if (!running.has(abort)) controller.abort(new Error("nobody waits for it"))
            stop = (reason) => controller.abort(reason)
          },
          onResponseStart: (_, status) => {
            if (status >= 200 && status !== 200) stop(new TelemetryFailure(`answered ${status}`))
          },
          onResponseData: (_, bytes) => {
            size += bytes.length
            if (size > maxBytes)
              stop(new TelemetryFailure(`has more than ${Math.round(maxBytes / 1e6)} MB of metrics`))
            else if (clock.now() - begin > maxMs)
              stop(new TelemetryFailure(`needs more than ${maxMs / 1000} s to answer`))
            else take(bytes)
          },
          onResponseEnd: () => {
            running.delete(abort)
            resolve(size)
          },
          onResponseError: (_, error) => fail(error),
        },
      )
    })

  return {
    read,
    abort: (reason) => {
      for (const abort of running) abort(reason)
    },
    close: async () => void (await Promise.all([single.destroy(), shared.destroy()])),
  }
}
