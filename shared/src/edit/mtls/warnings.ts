import { hostMatches, isWildcard } from "../../istio/host.ts"
import type { DestinationRule } from "../../istio/mesh.ts"
import { destinationRuleFor, policyFor } from "../../istio/destination-rule.ts"
import { named } from "../../istio/reason.ts"
import { rateNumber } from "../../format/number.ts"
import type { KubeObject } from "../../kube/object.ts"
import { list, record, text } from "../../topology/fact/read.ts"
import { dataplaneOf, injectsSidecars } from "../../validation/family/ambient/dataplane.ts"
import { isEffective } from "../../validation/family/security/effective-mtls.ts"
import { count, some } from "../../validation/family/security/sentence.ts"
import type { Warning } from "../plan.ts"
import type { Caller, World } from "../world.ts"
import type { Changed } from "./changed.ts"
import type { Place } from "./place.ts"

const nameOf = ({ service }: Changed): string => `${service.namespace}/${service.name}`

const callerOf = ({ namespace, name, requestsPerSecond }: Caller): string =>
  `${name === "" ? "somebody unknown" : `${namespace}/${name}`} (${rateNumber(requestsPerSecond)} req/s)`

/** Clients that are seen to call in plain text where only mutual TLS is taken after, and the other way round. */
function liveClients(world: World, changed: readonly Changed[]): Warning[] {
  const known = changed.map((service) => ({
    service,
    callers: world.callers?.({ namespace: service.service.namespace, name: service.service.name }),
  }))
  const warnings = known.flatMap(({ service, callers = [] }): Warning[] => {
    const refused = callers
      .filter(({ mtls, requestsPerSecond }) => mtls === (service.mode === "DISABLE") && requestsPerSecond > 0)
      .toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond)
    // Proxies that choose mutual TLS by themselves go over to plain text where a server takes nothing else.
    if (refused.length === 0 || service.mode === "DISABLE") return []
    const who = some(refused.map(callerOf))
    return [
      {
        code: "mtls.plaintext_client",
        message: `${who} ${refused.length === 1 ? "calls" : "call"} ${nameOf(service)} in plain text now: refused after this`,
      },
    ]
  })
  const isUnknown = known.length > 0 && known.every(({ callers }) => callers === undefined)
  return isUnknown
    ? [
        {
          code: "mtls.traffic_unknown",
          message: "No live traffic is known here, so clients that call in plain text cannot be told",
        },
      ]
    : warnings
}

type Legacy = { rule: DestinationRule; modes: ReadonlySet<string> }

/** The modes that a rule names anywhere. */
function modesIn({ spec }: DestinationRule): Set<string> {
  const holders = [spec, ...list(spec["subsets"]).map(record)]
  const policies = holders.flatMap((holder) => {
    const policy = record(holder["trafficPolicy"])
    return [policy, ...list(policy["portLevelSettings"]).map(record)]
  })
  return new Set(policies.map((policy) => text(record(policy["tls"])["mode"])).filter((mode) => mode !== ""))
}

/** Modes of clients that a server refuses. */
const refusedBy = (mode: Changed["mode"]): readonly string[] =>
  mode === "STRICT" ? ["DISABLE", "SIMPLE", "MUTUAL"] : mode === "DISABLE" ? ["ISTIO_MUTUAL"] : []

function legacyRules(world: World): Legacy[] {
  const found: Legacy[] = []
  for (const rules of world.mesh.destinationRules.values())
    for (const rule of rules) {
      const modes = modesIn(rule)
      if (modes.size > 0) found.push({ rule, modes })
    }
  return found
}

/** Whether a client of the rule's namespace does one of the modes on one of the ports. */
function usesMode(world: World, { rule }: Legacy, { service, ports, mode }: Changed): boolean {
  if (!isEffective(world.mesh, rule.object, service)) return false
  const refused = refusedBy(mode)
  const isNear = [service.namespace, world.mesh.settings.rootNamespace].includes(rule.namespace)
  return ["", rule.namespace].some((namespace) => {
    if (namespace === "" && !isNear) return false
    const effective = destinationRuleFor(world.mesh, { kind: "sidecar", namespace, labels: {} }, service)
    return ["", ...effective.subsets.map(({ name }) => name)].some((subset) =>
      ports.some((port) => refused.includes(text(policyFor(effective, subset, port.number).tls?.["mode"]))),
    )
  })
}

/** Services by their host: most rules are for one. */
function hostIndex(changed: readonly Changed[]): (pattern: string) => readonly Changed[] {
  const byHost = Map.groupBy(changed, ({ service }) => service.host)
  return (pattern) =>
    isWildcard(pattern)
      ? changed.filter(({ service }) => hostMatches(pattern, service.host))
      : (byHost.get(pattern) ?? [])
}

/** DestinationRules that tell clients to do what the servers refuse after. */
function legacyClients(world: World, changed: readonly Changed[]): Warning[] {
  const ofHost = hostIndex(changed)
  const refused = new Set(changed.flatMap(({ mode }) => refusedBy(mode)))
  return legacyRules(world).flatMap((legacy): Warning[] => {
    if (legacy.modes.isDisjointFrom(refused)) return []
    const hit = ofHost(legacy.rule.host).filter(
      (service) =>
        refusedBy(service.mode).some((mode) => legacy.modes.has(mode)) && usesMode(world, legacy, service),
    )
    const [first] = hit
    if (first === undefined) return []
    const modes = [...legacy.modes].filter((mode) => refusedBy(first.mode).includes(mode)).join(", ")
    return [
      {
        code: "mtls.legacy_destination_rule",
        message: `${named(legacy.rule.object)} tells clients to do tls mode ${modes} to ${some(hit.map(nameOf))}: refused after this; take its mode away first`,
      },
    ]
  })
}

const isOver = (pod: KubeObject): boolean =>
  ["Succeeded", "Failed"].includes(text(record(pod["status"])["phase"]))

/** Pods without a proxy in namespaces that are in the mesh. */
function outsiders(world: World, { level, namespace }: Place): KubeObject[] {
  const root = world.mesh.settings.rootNamespace
  const view = {
    get: (kind: string, of: string, name: string) => world.object({ kind, namespace: of, name }),
  }
  const inMesh = (of: string): boolean =>
    of !== root &&
    (injectsSidecars(view.get("Namespace", "", of)) ||
      (world.mesh.instances.get(of) ?? []).some(({ sidecar }) => sidecar))
  const namespaces = new Map<string, boolean>()
  return world.list("Pod", level === "mesh" ? undefined : namespace).filter((pod) => {
    const of = pod.metadata.namespace ?? ""
    const known = namespaces.get(of) ?? inMesh(of)
    namespaces.set(of, known)
    return known && !isOver(pod) && dataplaneOf(view, pod) === "none"
  })
}

function withoutSidecar(world: World, place: Place): Warning[] {
  const pods = outsiders(world, place)
  if (pods.length === 0) return []
  const names = pods.map(({ metadata }) =>
    place.level === "mesh" ? `${metadata.namespace ?? ""}/${metadata.name}` : metadata.name,
  )
  const where = place.level === "mesh" ? "the mesh" : place.namespace
  const one = pods.length === 1
  return [
    {
      code: "mtls.no_sidecar",
      message: `${count(pods.length, "pod")} of ${where} ${one ? "has" : "have"} no proxy (${some(names)}): ${one ? "it calls" : "they call"} in plain text, which is refused where mutual TLS is required, and what is set here does not hold for ${one ? "it" : "them"}`,
    },
  ]
}

/** Services whose clients' proxies would send plain text, because nothing is automatic and no rule asks for mutual TLS. */
function withoutAuto(world: World, changed: readonly Changed[]): Warning[] {
  if (world.mesh.settings.autoMtls) return []
  const plain = changed.filter(({ service, ports }) => {
    const client = { kind: "sidecar", namespace: service.namespace, labels: {} } as const
    const rule = destinationRuleFor(world.mesh, client, service)
    return ports.some((port) => text(policyFor(rule, "", port.number).tls?.["mode"]) === "")
  })
  if (plain.length === 0) return []
  return [
    {
      code: "mtls.auto_off",
      message: `enableAutoMtls is false in MeshConfig, and no DestinationRule asks for ISTIO_MUTUAL to ${some(plain.map(nameOf))}: proxies call them in plain text and would be refused; set client TLS first`,
    },
  ]
}

/** Probes of the kubelet are taken by the proxy's agent in plain text, unless a pod says otherwise. Source: istio.io, "Health Checking of Istio Services". */
function probes(world: World, changed: readonly Changed[]): Warning[] {
  const pods = new Set(
    changed.flatMap(({ instances }) =>
      instances
        .filter(({ object }) => {
          const annotations = world.object(object)?.metadata.annotations
          return annotations?.["sidecar.istio.io/rewriteAppHTTPProbers"] === "false"
        })
        .map(({ namespace, name }) => `${namespace}/${name}`),
    ),
  )
  return pods.size === 0
    ? []
    : [
        {
          code: "mtls.probes",
          message: `Health probes of ${some([...pods])} go to the port itself (rewriteAppHTTPProbers is false): they come in plain text and would fail`,
        },
      ]
}

/** What would break by what services ask of their clients after a change. */
export function breakage(world: World, place: Place, changed: readonly Changed[]): Warning[] {
  const strict = changed.filter(({ mode }) => mode === "STRICT")
  return [
    ...liveClients(world, strict),
    ...legacyClients(world, changed),
    ...(strict.length === 0 ? [] : withoutSidecar(world, place)),
    ...withoutAuto(world, strict),
    ...probes(world, strict),
  ]
}
