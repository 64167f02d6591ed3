import { createServer } from "node:http"
import { text } from "node:stream/consumers"
import { type Flow, history, istioCounters } from "../real/prometheus/istio-series.ts"
import type { PrometheusServer } from "../real/prometheus/server.ts"
import { type MeshSize, edgesOf } from "./mesh.ts"

/** The edges of the other benchmarks as the proxies' counters, each reported from both sides. */
const flowsOf = (size: MeshSize): Flow[] =>
  edgesOf(size, 1).map((edge) => ({
    source: edge.source,
    destination: edge.destination,
    protocol: edge.protocol,
    responses: edge.responses.map(({ code, flags, grpc, requestsPerSecond }) => ({
      code,
      flags,
      ...(grpc === "" ? {} : { grpc }),
      requestsPerSecond,
    })),
    latency: [
      [5, 0.3],
      [25, 0.4],
      [100, 0.25],
      [500, 0.05],
    ],
    requestBytes: 400,
    responseBytes: 2_500,
    ...(edge.tcp ? { bytesPerSecond: edge.bytesPerSecond, openedPerSecond: edge.tcp.openedPerSecond } : {}),
  }))

/** The answer to a form of `/api/v1/query`, parsed and nothing more. */
export const plainQuery = (url: string, body: string): Promise<unknown> =>
  fetch(`${url}/api/v1/query`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
  }).then((answer) => answer.json())

/** Forwards to Prometheus and notes the forms that were asked. */
export async function record(
  prometheus: PrometheusServer,
): Promise<{ url: string; forms: string[]; close(): void }> {
  const forms: string[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const form = await text(request)
      forms.push(form)
      const answer = await fetch(prometheus.url + (request.url ?? ""), {
        method: request.method ?? "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: form,
      })
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text())
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return { url: `http://127.0.0.1:${address.port}`, forms, close: () => void server.close() }
}

/** Writes the steady traffic of a mesh over `[from, to]` ms, which may reach into the future. */
export const feed = (
  prometheus: PrometheusServer,
  size: MeshSize,
  times: { from: number; to: number },
): Promise<void> => prometheus.remoteWrite(history(istioCounters(flowsOf(size)), times))
