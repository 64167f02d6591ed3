import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Traffic } from "./traffic.ts"

/** Path of one pod's metrics: what its annotation `prometheus.io/path` says. */
export const metricsPath = (namespace: string, pod: string): string => `/stats/prometheus/${namespace}/${pod}`

const textFormat = "text/plain; version=0.0.4; charset=utf-8"

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) })
  response.end(body)
}

/** Targets for Prometheus' http_sd: each proxy as its own target. */
const targetsOf = (traffic: Traffic, address: string): string =>
  JSON.stringify(
    traffic.pods().map(({ namespace, pod }) => ({
      targets: [address],
      labels: { __metrics_path__: metricsPath(namespace, pod), namespace, pod },
    })),
  )

/** Serves the proxies' metrics on loopback, each rendered when it is asked for. */
export async function serveMetrics(
  traffic: Traffic,
): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/"
    const [, namespace, pod] = /^\/stats\/prometheus\/([^/]+)\/([^/]+)$/.exec(path) ?? []
    if (namespace !== undefined && pod !== undefined) {
      const text = traffic.metrics(decodeURIComponent(namespace), decodeURIComponent(pod))
      answer(
        response,
        text === undefined ? 404 : 200,
        textFormat,
        text ?? `no proxy at ${namespace}/${pod}\n`,
      )
    } else if (path === "/metrics/all") answer(response, 200, textFormat, traffic.allMetrics())
    else if (path === "/sd")
      answer(response, 200, "application/json", targetsOf(traffic, request.headers.host ?? ""))
    else
      answer(
        response,
        404,
        textFormat,
        "metrics are at /stats/prometheus/NAMESPACE/POD, /metrics/all and /sd\n",
      )
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
