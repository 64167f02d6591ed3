// 5,000 proxies of 500 workloads, each at an address of its own as pods have, that all take part in 8 relations.
//   node proxy-farm.ts PODS     says {"ready":true,"urls":[...]} and stays
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const podsEach = 10
const reach = 4
const bounds = [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1e3, 2.5e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 1.8e6, 3.6e6]

const end = (side: string, n: number): string => {
  const name = `workload-${n}`
  const identity = `spiffe://cluster.local/ns/team-${n % 20}/sa/${name}`
  return `${side}_workload="${name}",${side}_canonical_service="${name}",${side}_canonical_revision="latest",${side}_workload_namespace="team-${n % 20}",${side}_principal="${identity}",${side}_app="${name}",${side}_version="v1",${side}_cluster="bench"`
}

/** The lines of one relation, with `@` where the count stands. */
function linesOf(reporter: string, from: number, to: number): string[] {
  const service = `destination_service="workload-${to}.team-${to % 20}.svc.cluster.local",destination_service_name="workload-${to}",destination_service_namespace="team-${to % 20}"`
  const policy = reporter === "source" ? "unknown" : "mutual_tls"
  const block = `reporter="${reporter}",${end("source", from)},${end("destination", to)},${service},request_protocol="http",response_code="200",grpc_response_status="",response_flags="-",connection_security_policy="${policy}"`
  const histogram = (name: string, uppers: readonly number[]): string[] => [
    ...uppers.map((upper) => `${name}_bucket{${block},le="${upper}"} ${upper < 10 ? 0 : "@"}`),
    `${name}_bucket{${block},le="+Inf"} @`,
    `${name}_sum{${block}} @5.5`,
    `${name}_count{${block}} @`,
  ]
  return [
    `istio_requests_total{${block}} @`,
    ...histogram("istio_request_duration_milliseconds", bounds),
    ...histogram("istio_request_bytes", []),
    ...histogram("istio_response_bytes", []),
  ]
}

const pods = Number(process.argv[2])
const workloads = pods / podsEach
const begin = Date.now()
const rendered = new Map<number, { count: number; body: Buffer }>()

/** Every proxy counts a request a second; replicas of a workload say the same. */
function bodyOf(workload: number): Buffer {
  const count = Math.floor((Date.now() - begin) / 5_000) * 5
  const known = rendered.get(workload)
  if (known?.count === count) return known.body
  const others = Array.from({ length: reach }, (_, i) => (workload + 7 * i + 1) % workloads)
  const lines = others.flatMap((other) => [
    ...linesOf("source", workload, other),
    ...linesOf("destination", other, workload),
  ])
  const body = Buffer.from(`${lines.join("\n")}\n`.replaceAll("@", String(count)))
  rendered.set(workload, { count, body })
  return body
}

const urls: string[] = []
for (let pod = 0; pod < pods; pod++) {
  const server = createServer((_, response) => {
    const body = bodyOf(Math.floor(pod / podsEach))
    response.writeHead(200, { "content-type": "text/plain", "content-length": body.length }).end(body)
  })
  const host = `127.1.${pod >> 8}.${pod & 255}`
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  urls.push(`http://${host}:${(server.address() as AddressInfo).port}/stats/prometheus`)
}
console.log(JSON.stringify({ ready: true, urls }))
