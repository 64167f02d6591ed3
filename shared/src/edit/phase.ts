import { type KubeObject, type ObjectRef } from "../kube/object.ts"
import { list, record, strings, text } from "../topology/fact/read.ts"
import { isSame } from "./same.ts"
import { entriesOnlyIn, widened } from "./widen.ts"

/** What becomes of one object in a change. */
export type Turn = { object: ObjectRef; before: KubeObject | null; after: KubeObject | null }

/**
 * When something is written, so that nothing in between is worse than before and after: what takes more clients, what routes will name, routes, what they do not
 * name any more, removals, what takes fewer clients.
 */
export const phases = [
  "loosen",
  "provide",
  "delegate",
  "route",
  "unroute",
  "undelegate",
  "shrink",
  "remove",
  "tighten",
] as const
export type Phase = (typeof phases)[number]

/**
 * Phases that may reach a proxy at once share a number. Istiod sends what is written within its debounce together, and takes clusters before routes on both ways:
 * a route with its new subset fails until the subset's endpoints come, and one whose subset goes with it until the route does.
 */
export const stages: Readonly<Record<Phase, number>> = {
  loosen: 0,
  provide: 1,
  delegate: 2,
  route: 2,
  unroute: 2,
  undelegate: 2,
  shrink: 3,
  remove: 3,
  tighten: 4,
}
export type Move = Turn & { phase: Phase; why: string }

const networking = "networking.istio.io"
const gateway = "gateway.networking.k8s.io"

/** What routes name, the further from them first. */
const providers = [
  `GatewayClass.${gateway}`,
  `Gateway.${gateway}`,
  `Gateway.${networking}`,
  `ReferenceGrant.${gateway}`,
  "Service",
  `ServiceEntry.${networking}`,
  `WorkloadGroup.${networking}`,
  `WorkloadEntry.${networking}`,
  `Sidecar.${networking}`,
  `DestinationRule.${networking}`,
]
const routes = [
  `VirtualService.${networking}`,
  ...["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"].map((kind) => `${kind}.${gateway}`),
]
const policies = ["RequestAuthentication", "AuthorizationPolicy", "PeerAuthentication"].map(
  (kind) => `${kind}.security.istio.io`,
)
const order = [...providers, ...routes, ...policies]

/** Place of a kind among those written in one phase. */
export const placeOf = (kind: string): number => {
  const place = order.indexOf(kind)
  return place === -1 ? order.length : place
}

const names = (entries: readonly string[]): string => entries.join(", ")

function providerMoves(turn: Turn): Move[] {
  const { object, before, after } = turn
  // A Sidecar hides what it does not list: its creation narrows, its end widens.
  const hides = object.kind.startsWith("Sidecar.")
  if (after === null)
    return hides
      ? [{ ...turn, phase: "provide", why: "Shows more hosts, so it comes before routes that name them" }]
      : [{ ...turn, phase: "remove", why: "After the routes: no route of this change names it any more" }]
  if (before === null)
    return hides
      ? [{ ...turn, phase: "shrink", why: "Hides hosts, so it comes after the routes that named them" }]
      : [{ ...turn, phase: "provide", why: "First: routes may name it once it is there" }]
  return changed({ object, before, after })
}

/** In one write, or around the routes in two: one that adds, one that takes away. */
function changed({ object, before, after }: Turn & { before: KubeObject; after: KubeObject }): Move[] {
  const wide = widened(object.kind, before, after)
  const added = entriesOnlyIn(object.kind, after, before)
  const lost = entriesOnlyIn(object.kind, before, after)
  const early = (to: KubeObject): Move => ({
    object,
    before,
    after: to,
    phase: "provide",
    why:
      added.length === 0
        ? "Before the routes: it takes nothing away"
        : `First: routes may name ${names(added)} once it is there`,
  })
  const late = (from: KubeObject): Move => ({
    object,
    before: from,
    after,
    phase: "shrink",
    why:
      lost.length === 0
        ? "After the routes: it takes something away"
        : `After the routes: none of this change names ${names(lost)} any more`,
  })
  if (isSame(wide, after)) return [early(after)]
  return added.length === 0 ? [late(before)] : [early(wide), late(wide)]
}

const isDelegate = (object: KubeObject | null): boolean =>
  object?.kind === "VirtualService" && strings(record(object["spec"])["hosts"]).length === 0

/** Hosts that a route answers for no more go last: another one may have to take them first. */
const dropsHosts = ({ before, after }: Turn): boolean =>
  ["hosts", "hostnames", "parentRefs", "gateways"].some((field) => {
    const kept = list(record(after?.["spec"])[field])
    return list(record(before?.["spec"])[field]).some((own) => !kept.some((other) => isSame(own, other)))
  })

function routeMoves(turn: Turn): Move[] {
  const { before, after } = turn
  if (after === null)
    return [
      isDelegate(before)
        ? { ...turn, phase: "undelegate", why: "After the routes that delegated to it" }
        : {
            ...turn,
            phase: "unroute",
            why: "After the routes that take its place, before what it names goes",
          },
    ]
  if (before === null && isDelegate(after))
    return [{ ...turn, phase: "delegate", why: "Before the route that delegates to it" }]
  return [
    {
      ...turn,
      phase: before !== null && dropsHosts(turn) ? "unroute" : "route",
      why: "After what it names is there, before what it does not name any more goes",
    },
  ]
}

/** Modes by level: `` for all ports, or a port. */
function modesOf(object: KubeObject | null): Map<string, string> {
  const { mtls, portLevelMtls } = record(object?.["spec"])
  const levels = [["", mtls] as const, ...Object.entries(record(portLevelMtls))]
  return new Map(
    levels
      .map(([level, said]) => [level, text(record(said)["mode"])] as const)
      .filter(([, mode]) => mode !== "" && mode !== "UNSET"),
  )
}

type Shift = "more" | "less" | "both" | "none"

/** What becomes of the clients that a level takes. Where nothing is said a level above counts, and at the top Istio's PERMISSIVE, which is what is taken for it here. */
function shiftOf(old: ReadonlyMap<string, string>, fresh: ReadonlyMap<string, string>, level: string): Shift {
  const modeIn = (modes: ReadonlyMap<string, string>): string =>
    modes.get(level) ?? modes.get("") ?? "PERMISSIVE"
  const [was, is] = [modeIn(old), modeIn(fresh)]
  if (was === is) return old.get(level) === "PERMISSIVE" && !fresh.has(level) ? "less" : "none"
  return is === "PERMISSIVE" ? "more" : was === "PERMISSIVE" ? "less" : "both"
}

const loosening = "First: it takes more than before, so no client is refused meanwhile"
const tightening = "After the clients' side: it takes less than before"

function peerAuthenticationMoves(turn: Turn, clientsChange: boolean): Move[] {
  const [old, fresh] = [modesOf(turn.before), modesOf(turn.after)]
  const levels = [...new Set(["", ...old.keys(), ...fresh.keys()])]
  const shifts = new Map(levels.map((level) => [level, shiftOf(old, fresh, level)]))
  const kinds = new Set(shifts.values())
  const mixed = kinds.has("both") || (kinds.has("more") && kinds.has("less"))
  if (mixed && clientsChange && turn.before !== null) {
    const between = permissive(
      turn.after ?? turn.before,
      levels.filter((level) => shifts.get(level) !== "none"),
    )
    return [
      { ...turn, after: between, phase: "loosen", why: loosening },
      { ...turn, before: between, phase: "tighten", why: tightening },
    ]
  }
  return [
    mixed || kinds.has("less")
      ? { ...turn, phase: "tighten", why: tightening }
      : { ...turn, phase: "loosen", why: loosening },
  ]
}

/** Between STRICT and DISABLE no client is taken both before and after; PERMISSIVE takes both. */
function permissive(object: KubeObject, levels: readonly string[]): KubeObject {
  const spec = record(object["spec"])
  const both = (mtls: unknown): unknown => ({ ...record(mtls), mode: "PERMISSIVE" })
  const { mtls, portLevelMtls } = spec
  const ports = levels
    .filter((level) => level !== "")
    .map((port) => [port, both(record(portLevelMtls)[port])] as const)
  return {
    ...object,
    spec: {
      ...spec,
      ...(levels.includes("") ? { mtls: both(mtls) } : {}),
      ...(ports.length === 0
        ? {}
        : { portLevelMtls: { ...record(portLevelMtls), ...Object.fromEntries(ports) } }),
    },
  }
}

/** The writes that one object's turn takes, each with its phase and the reason for it; `clientsChange`: DestinationRules are part of the change. */
export function movesOf(turn: Turn, clientsChange: boolean): Move[] {
  const { kind } = turn.object
  if (providers.includes(kind)) return providerMoves(turn)
  if (routes.includes(kind)) return routeMoves(turn)
  if (kind.startsWith("PeerAuthentication.")) return peerAuthenticationMoves(turn, clientsChange)
  return [
    turn.after === null
      ? { ...turn, phase: "remove", why: "Late: nothing of this change waits for it" }
      : { ...turn, phase: "tighten", why: "After the routes, which it is about" },
  ]
}
