import { isWildcard } from "../../../istio/host.ts"
import { byAge } from "../../../istio/mesh.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { list, number, record, strings, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, derived, index } from "../../check.ts"
import { rule } from "../../rule.ts"
import { type Audience, audienceOf, audienceOfService, shared } from "./audience.ts"
import { servicesOfWildcard } from "./host.ts"
import { hidingSidecar } from "./imports.ts"
import { instanceKinds, registryKinds, serviceEntryKind, sidecarKind } from "./kinds.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/service-entry/"

export const protocolConflict = rule({
  code: "serviceentry.protocol_conflict",
  aliases: ["IST0177", "KIA1212"],
  level: "warning",
  title: "ServiceEntries give one port of a host different protocols",
  effect: "Proxies that see both take the protocol of one of them for all traffic to the port",
  remedy: "Give the port one protocol, or use another port",
  source,
})
export const duplicateEntry = rule({
  code: "serviceentry.duplicate",
  aliases: ["KIA1211"],
  level: "warning",
  title: "Several ServiceEntries have one host and port",
  effect:
    "A client takes the host of its own namespace, else the oldest; in one namespace the settings of the oldest count and the endpoints are joined",
  remedy: "Keep one ServiceEntry for the host, or export each only to its own namespace",
  source,
})
export const shadowsService = rule({
  code: "serviceentry.shadows_service",
  aliases: [],
  level: "warning",
  title: "ServiceEntry has the host of a Kubernetes Service",
  effect:
    "In the Service's namespace the Service counts and the entry does not; clients of the entry's namespace take the entry instead of the Service",
  remedy: "Use another host, or a WorkloadEntry to add endpoints to the Service",
  source,
})
export const addressOverlap = rule({
  code: "serviceentry.address_overlap",
  aliases: [],
  level: "warning",
  title: "ServiceEntries have one address and TCP port for different hosts",
  effect: "TCP is told apart by address and port alone, so that all traffic goes to the oldest entry",
  remedy: "Use different addresses or ports",
  source,
})

const protocolOf = (port: unknown): string => text(record(port)["protocol"]).toUpperCase() || "TCP"

/** Whether no namespace that sees both entries imports the host; an entry is looked for in its own namespace, whatever its host is called. */
function isUnseen(view: View, both: Audience, host: string, homes: readonly string[]): boolean {
  if (both.all) return false
  for (const namespace of both.namespaces)
    for (const home of homes) if (hidingSidecar(view, namespace, host, home) === undefined) return false
  return true
}

type Subject = { object: KubeObject; namespace: string; audience: Audience }

/** The entry of the other that this one's port collides with. */
function collidingPort(ports: readonly unknown[], other: KubeObject): [unknown, unknown] | undefined {
  const theirs = list(record(other["spec"])["ports"])
  let same: [unknown, unknown] | undefined
  for (const port of ports)
    for (const their of theirs) {
      if (number(record(port)["number"]) !== number(record(their)["number"])) continue
      if (protocolOf(port) !== protocolOf(their)) return [port, their]
      same ??= [port, their]
    }
  return same
}

/** What a host of an entry is besides the entry's. */
function checkHost(
  { object, namespace, audience }: Subject,
  { host, at, others }: { host: string; at: number; others: Iterable<RegistryService> },
  view: View,
  report: Report,
): void {
  const ports = list(record(object["spec"])["ports"])
  for (const other of others) {
    const { name, namespace: of, kind } = other.object
    if (kind === serviceEntryKind && name === object.metadata.name && of === namespace) continue
    const both = shared(audience, audienceOfService(other, view.settings.exportTo.service))
    if (!both || isUnseen(view, both, host, [namespace, of])) continue
    if (kind !== serviceEntryKind) {
      report(shadowsService, {
        path: `spec.hosts[${at}]`,
        message: `${host} is Service ${of}/${name} already`,
        references: [{ object: other.object, path: "" }],
      })
      return
    }
    const found = view.get(serviceEntryKind, of, name)
    const pair = found && collidingPort(ports, found)
    if (!pair) continue
    const [own, their] = pair
    const number_ = number(record(own)["number"])
    const differ = protocolOf(own) !== protocolOf(their)
    report(differ ? protocolConflict : duplicateEntry, {
      path: differ ? `spec.ports[${ports.indexOf(own)}].protocol` : `spec.hosts[${at}]`,
      message: differ
        ? `port ${number_} of ${host} is ${protocolOf(own)} here and ${protocolOf(their)} in ${of}/${name}`
        : `${of}/${name} has ${host} with port ${number_} too`,
      references: [{ object: other.object, path: "spec.hosts" }],
    })
    return
  }
}

type Holders = { everywhere: RegistryService[]; byNamespace: Map<string, RegistryService[]>; count: number }

/** The services with one host by who sees them: of a thousand that each keep to their namespace no two meet. */
const holdersOf = derived({
  name: "holders-of-host",
  compute: (view, host): Holders => {
    const all = isWildcard(host) ? servicesOfWildcard(view, host) : (view.mesh.services.get(host) ?? [])
    const holders: Holders = { everywhere: [], byNamespace: new Map(), count: all.length }
    if (all.length < 2) return holders
    for (const service of all) {
      const audience = audienceOfService(service, view.settings.exportTo.service)
      if (audience.all) holders.everywhere.push(service)
      for (const namespace of audience.namespaces) {
        const known = holders.byNamespace.get(namespace)
        if (known) known.push(service)
        else holders.byNamespace.set(namespace, [service])
      }
    }
    return holders
  },
})

function rivals({ audience }: Subject, { everywhere, byNamespace }: Holders): Iterable<RegistryService> {
  if (!audience.all && audience.namespaces.size === 1 && everywhere.length === 0) {
    const [only = ""] = audience.namespaces
    return byNamespace.get(only) ?? []
  }
  if (byNamespace.size === 0) return everywhere
  const found = new Set(everywhere)
  const namespaces = audience.all ? byNamespace.keys() : audience.namespaces
  for (const namespace of namespaces)
    for (const service of byNamespace.get(namespace) ?? []) found.add(service)
  return found
}

export const serviceEntryHosts = check({
  name: "serviceentry/hosts",
  subject: serviceEntryKind,
  reads: [...registryKinds, ...instanceKinds, sidecarKind],
  rules: [protocolConflict, duplicateEntry, shadowsService],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    const hosts = list(spec["hosts"])
    let subject: Subject | undefined
    for (let at = 0; at < hosts.length; at++) {
      const host = hosts[at]
      if (typeof host !== "string") continue
      if (!isWildcard(host) && (view.mesh.services.get(host)?.length ?? 0) < 2) continue
      const holders = view.derive(holdersOf, host)
      if (holders.count < 2) continue
      const namespace = object.metadata.namespace ?? ""
      subject ??= {
        object,
        namespace,
        audience: audienceOf(strings(spec["exportTo"]), namespace, view.settings.exportTo.service),
      }
      checkHost(subject, { host, at, others: rivals(subject, holders) }, view, report)
    }
  },
})

/** ServiceEntries by the addresses they have. */
const entriesByAddress = index({
  name: "service-entries-by-address",
  kind: serviceEntryKind,
  keysOf: (object) => strings(record(object["spec"])["addresses"]),
})

const isByAddress = (protocol: string): boolean =>
  protocol === "TCP" || protocol === "MONGO" || protocol === "MYSQL" || protocol === "REDIS"

const tcpPorts = (object: KubeObject): number[] =>
  list(record(object["spec"])["ports"])
    .filter((port) => isByAddress(protocolOf(port)))
    .map((port) => number(record(port)["number"]))

const ageOf = (object: KubeObject) => ({
  created: object.metadata.creationTimestamp ?? "",
  object: refOf(object),
})

export const serviceEntryAddressOverlap = check({
  name: "serviceentry/address-overlap",
  subject: serviceEntryKind,
  reads: [serviceEntryKind],
  rules: [addressOverlap],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    const addresses = list(spec["addresses"])
    if (addresses.length === 0) return
    const ports = tcpPorts(object)
    if (ports.length === 0) return
    const namespace = object.metadata.namespace ?? ""
    const audience = audienceOf(strings(spec["exportTo"]), namespace, view.settings.exportTo.service)
    const hosts = new Set(strings(spec["hosts"]))
    for (let at = 0; at < addresses.length; at++) {
      const address = addresses[at]
      if (typeof address !== "string") continue
      for (const other of view.find(entriesByAddress, address)) {
        if (other === object) continue
        const theirs = record(other["spec"])
        const of = other.metadata.namespace ?? ""
        const port = tcpPorts(other).find((candidate) => ports.includes(candidate))
        if (port === undefined || strings(theirs["hosts"]).some((host) => hosts.has(host))) continue
        if (!shared(audience, audienceOf(strings(theirs["exportTo"]), of, view.settings.exportTo.service)))
          continue
        const wins = byAge(ageOf(object), ageOf(other)) < 0
        report(addressOverlap, {
          path: `spec.addresses[${at}]`,
          message: `${of}/${other.metadata.name} has address ${address} with TCP port ${port} too; ${wins ? "this one is older and takes the traffic" : "it is older and takes the traffic"}`,
          references: [{ object: refOf(other), path: "spec.addresses" }],
        })
        return
      }
    }
  },
})
