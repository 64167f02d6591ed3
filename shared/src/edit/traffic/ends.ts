import type { Client } from "../../istio/client.ts"
import type { Destination, RouteDecision } from "../../istio/decision.ts"
import { instancesOf, targetOf } from "../../istio/endpoints.ts"
import type { Instance } from "../../istio/instance.ts"
import type { Mesh } from "../../istio/mesh.ts"
import type { RegistryService } from "../../istio/registry.ts"

/** Shares of requests by where they end, summing to 1: a version of the service, `other v1` of another, `fault`, `none`, `redirect`, `direct`. */
export type Shares = ReadonlyMap<string, number>

export const notVersions = ["fault", "none", "redirect", "direct"] as const
export const isVersion = (end: string): boolean => !notVersions.some((other) => other === end)

/** What an instance is told apart by: its version, else its workload. */
export const versionOf = ({ labels, workload }: Instance): string =>
  labels["version"] ?? labels["app.kubernetes.io/version"] ?? workload.name

/** Ready pods of a service by version. */
export function readyPods(mesh: Mesh, service: RegistryService): Map<string, number> {
  const pods = new Map<string, number>()
  for (const instance of instancesOf(mesh, service))
    if (instance.ready) pods.set(versionOf(instance), (pods.get(versionOf(instance)) ?? 0) + 1)
  return pods
}

function add(shares: Map<string, number>, end: string, share: number): void {
  if (share > 0) shares.set(end, (shares.get(end) ?? 0) + share)
}

export type Question = { mesh: Mesh; client: Client; service: RegistryService }

/** Where a destination's part of the requests ends: each ready pod gets as many as any other. */
function spread(
  { mesh, client, service }: Question,
  destination: Destination,
  decision: RouteDecision,
): Map<string, number> {
  const shares = new Map<string, number>()
  const target = targetOf(mesh, client, destination, { route: decision.boundBy })
  if (target.state === "outside") add(shares, destination.host, 1)
  else if (target.state !== "endpoints") add(shares, "none", 1)
  const own = new Set(instancesOf(mesh, service))
  for (const instance of target.instances) {
    const name = own.has(instance)
      ? versionOf(instance)
      : `${target.service?.name ?? destination.host} ${versionOf(instance)}`
    add(shares, name, 1 / target.instances.length)
  }
  return shares
}

function endsOf(question: Question, decision: RouteDecision): Map<string, number> {
  const { outcome, destinations } = decision
  if (outcome === "redirect" || outcome === "direct") return new Map([[outcome, 1]])
  if (outcome === "passthrough") return new Map([[question.service.host, 1]])
  const shares = new Map<string, number>()
  for (const destination of destinations)
    for (const [end, share] of spread(question, destination, decision))
      add(shares, end, share * destination.share)
  const rest = 1 - [...shares.values()].reduce((sum, share) => sum + share, 0)
  add(shares, "none", rest > 1e-9 ? rest : 0)
  return shares
}

/** Where requests end by a decision; those that a fault aborts go no further. */
export function sharesOf(question: Question, decision: RouteDecision): Shares {
  const aborted = decision.fault?.abort?.share ?? 0
  const shares = new Map<string, number>()
  add(shares, "fault", aborted)
  for (const [end, share] of endsOf(question, decision)) add(shares, end, share * (1 - aborted))
  return shares
}

/** Copies per request by the version that gets them. What a fault aborts is not copied. */
export function copiesOf(question: Question, decision: RouteDecision): Shares {
  const aborted = decision.fault?.abort?.share ?? 0
  const copies = new Map<string, number>()
  for (const mirror of decision.mirrors)
    for (const [end, share] of spread(question, mirror, decision))
      add(copies, end, share * mirror.share * (1 - aborted))
  return copies
}

export const isSameShares = (a: Shares, b: Shares): boolean =>
  [...a.keys(), ...b.keys()].every((end) => Math.abs((a.get(end) ?? 0) - (b.get(end) ?? 0)) < 1e-9)
