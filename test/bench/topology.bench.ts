import { buildTopology } from "#shared/topology/build.ts"
import { unpackTick } from "#shared/telemetry/unpack.ts"
import { sourcesOf } from "./mesh.ts"
import { ms, quantile, report, time } from "./report.ts"

const at = 1_790_000_000_000
const size = { services: 1_000, edges: 4_000, namespaces: 20 }
const text = JSON.stringify(sourcesOf(size, at))
const options = { view: "service", idle: true, now: at } as const

// From text on, so that nothing is remembered from the run before; then as a process that has seen the inventory does it.
const cold = await time(20, () => buildTopology(JSON.parse(text) as ReturnType<typeof sourcesOf>, options))
const kept = sourcesOf(size, at)
const warm = await time(20, () => buildTopology(kept, options))
const parse = await time(20, () => JSON.parse(text) as unknown)
const [tick] = kept.clusters[0]?.ticks ?? []
const unpack = await time(20, () => tick && unpackTick(tick))

report([
  {
    quantity: "topology document, 1,000 services / 4,000 edges, inventory indexed",
    reach: "< 60 ms",
    measured: `p50 ${ms(quantile(warm, 0.5))}, p95 ${ms(quantile(warm, 0.95))}`,
    floor: ms(quantile(unpack, 0.5)),
    note: "floor: unpacking the tick alone",
  },
  {
    quantity: "the same from JSON text on, nothing remembered",
    reach: "< 60 ms",
    measured: `p50 ${ms(quantile(cold, 0.5))}, p95 ${ms(quantile(cold, 0.95))}`,
    floor: ms(quantile(parse, 0.5)),
    note: "floor: JSON.parse alone",
  },
])
