import type { ObjectInput } from "#demo/kube/store.ts"
import type { Origin } from "#demo/traffic/behaviour.ts"
import { type App, app, appObjects, behavioursOf } from "./app.ts"
import { controlPlane, nodes } from "./control-plane.ts"
import { type DemoMesh, call, istio, namespace, security } from "./parts.ts"
import { randomOf } from "./seed.ts"

export const largeSize = { services: 500, pods: 5_000, edges: 2_000, namespaces: 20, entries: 10 } as const

const words =
  "account alert asset audit basket batch billing booking cache campaign catalog channel claim content coupon credit customer device document event feed file fleet form fraud gift graph group history identity image index invoice item job label layout ledger list loan mail market media member menu metric model notice offer order page partner payment photo plan policy price product profile queue quote rate region report return review route rule sales schedule score search seat session ship site stock store stream survey tag task tax team ticket token track trade trip user vault video visit wallet work zone".split(
    " ",
  )
const layers = 6

type Place = { namespace: string; name: string; layer: number; key: string }

/** Names are words, one of each a namespace, numbered when they run out. */
function places(random: () => number): Place[] {
  return Array.from({ length: largeSize.services }, (_, i) => {
    const namespaceOfIt = `team-${String((i % largeSize.namespaces) + 1).padStart(2, "0")}`
    const round = Math.floor(i / words.length)
    const word = words[(i * 37) % words.length] ?? "app"
    const name = round === 0 ? word : `${word}-${round + 1}`
    const layer = i < largeSize.entries ? 0 : 1 + Math.floor(random() * (layers - 1))
    return { namespace: namespaceOfIt, name, layer, key: `${namespaceOfIt}/${name}` }
  })
}

/** Calls go to deeper layers only; everything but the entries has a caller, and there are as many calls as asked for. */
function callsOf(all: readonly Place[], random: () => number): Map<string, Set<string>> {
  const calls = new Map(all.map(({ key }) => [key, new Set<string>()]))
  const above = (layer: number) => all.filter((place) => place.layer < layer)
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)]
  let count = largeSize.entries
  for (const place of all.filter(({ layer }) => layer > 0)) {
    const caller = pick(above(place.layer))
    if (caller) calls.get(caller.key)?.add(place.key)
    count++
  }
  while (count < largeSize.edges) {
    const [a, b] = [pick(all), pick(all)]
    if (!a || !b || a.layer === b.layer) continue
    const [caller, callee] = a.layer < b.layer ? [a, b] : [b, a]
    const own = calls.get(caller.key)
    if (!own || own.has(callee.key) || callee.layer === 0) continue
    own.add(callee.key)
    count++
  }
  return calls
}

function appsOf(random: () => number): App[] {
  const all = places(random)
  const calls = callsOf(all, random)
  return all.map(({ namespace: at, name, layer, key }) => {
    const own = [...(calls.get(key) ?? [])]
    const protocol = layer < layers - 1 || random() < 0.6 ? (random() < 0.3 ? "grpc" : "http") : "tcp"
    return app(at, name, {
      protocol: layer === 0 ? "http" : protocol,
      replicas: largeSize.pods / largeSize.services,
      latencyMs: Math.round(2 + random() * 18),
      errors:
        random() < 0.03
          ? { share: 0.02 + random() * 0.08, code: 500, grpc: "13" }
          : { share: 0, code: 500, grpc: "13" },
      calls: own.map((to) => ({
        to,
        perRequest: Math.round((1_200 / own.length) * (0.6 + random() * 0.8)) / 1_000,
      })),
    })
  })
}

const entries = (apps: readonly App[]): { objects: ObjectInput[]; origins: Origin[] } => {
  const fronts = apps.slice(0, largeSize.entries)
  const hostOfFront = ({ name, namespace: at }: App): string => `${name}.${at}.example.com`
  return {
    objects: fronts.flatMap((front) => [
      istio("Gateway", front.namespace, front.name, {
        selector: { istio: "ingressgateway" },
        servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: [hostOfFront(front)] }],
      }),
      istio("VirtualService", front.namespace, front.name, {
        hosts: [hostOfFront(front)],
        gateways: [front.name],
        http: [{ route: [{ destination: { host: front.name } }] }],
      }),
    ]),
    origins: fronts.map((front, i) => ({
      workload: "istio-system/istio-ingressgateway",
      perSecond: 40 + 12 * i,
      call: call({ host: hostOfFront(front), port: 80 }),
    })),
  }
}

/** Destination rules for a fifth of the services, as teams that tune have them. */
const rulesOf = (apps: readonly App[]): ObjectInput[] =>
  apps
    .filter((_, i) => i % 5 === 0)
    .map(({ namespace: at, name }) =>
      istio("DestinationRule", at, name, {
        host: name,
        trafficPolicy: { connectionPool: { tcp: { maxConnections: 200 } } },
      }),
    )

/** 500 services, 5,000 pods, 2,000 edges; the same for the same seed. */
export function large(seed = 7): DemoMesh {
  const apps = appsOf(randomOf(seed))
  const { objects, origins } = entries(apps)
  const namespaces = [...new Set(apps.map((spec) => spec.namespace))].sort()
  return {
    name: "large",
    objects: [
      ...nodes(40),
      ...controlPlane(3),
      ...namespaces.map((name) => namespace(name, { "istio-injection": "enabled" })),
      security("PeerAuthentication", "istio-system", "default", { mtls: { mode: "STRICT" } }),
      ...apps.flatMap(appObjects),
      ...objects,
      ...rulesOf(apps),
    ],
    demand: { origins, behaviours: behavioursOf(apps), activePods: 1 },
  }
}
