import { isWildcard } from "../../../istio/host.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { list, record, text } from "../../../topology/fact/read.ts"
import { type Details, type Report, type View, check } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { audienceOfService, hears } from "./audience.ts"
import { entriesBySuffix, isHere, namespaceOfWildcard, servicesOf } from "./host.ts"
import { type Import, importOf } from "./imports.ts"
import { registryKinds, serviceEntryKind, sidecarKind, virtualServiceKind } from "./kinds.ts"
import { listed, similar } from "./words.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/sidecar/#IstioEgressListener"

export const egressUnknown = rule({
  code: "sidecar.egress_unknown",
  aliases: ["KIA1004"],
  level: "warning",
  title: "Sidecar imports a host that is not there",
  effect: "The entry imports nothing; where all do so, the proxy knows no other service",
  remedy: "Write namespace/host with the host's full name, or remove the entry",
  source,
})
export const egressHidden = rule({
  code: "sidecar.egress_hidden",
  aliases: [],
  level: "warning",
  title: "Sidecar imports a host that is not exported to its namespace",
  effect: "exportTo comes first: the entry imports nothing",
  remedy: "Export the service to the Sidecar's namespace, or remove the entry",
  source,
})
export const outboundMode = rule({
  code: "sidecar.outbound_mode",
  aliases: ["KIA1007"],
  level: "info",
  title: "Sidecar with an outbound policy that says no mode",
  effect: "Without a mode it is REGISTRY_ONLY: traffic to hosts that are not in the registry is refused",
  remedy: "Write the mode: REGISTRY_ONLY or ALLOW_ANY",
  source: "https://istio.io/latest/docs/reference/config/networking/sidecar/#OutboundTrafficPolicy",
})

type Entry = Import & { path: string }

const homesText = (services: readonly RegistryService[]): string =>
  listed([...new Set(services.map(({ namespace }) => namespace))])

function checkExact(object: KubeObject, entry: Entry, view: View, report: Report): void {
  const { host, namespace, path } = entry
  const own = object.metadata.namespace ?? ""
  const services = servicesOf(view, host)
  const there = namespace === "*" ? services : services.filter((service) => service.namespace === namespace)
  if (there.some((service) => hears(audienceOfService(service, view.settings.exportTo.service), own))) return
  const [first] = there
  if (first !== undefined) {
    report(egressHidden, {
      path,
      message: `${host} of namespace ${first.namespace} is not exported to ${own}`,
      references: [{ object: first.object, path: "" }],
    })
    return
  }
  // What a VirtualService calls a host may be imported too; and a service of another cluster is one.
  const routed = view.mesh.meshRoutes.byHost.get(host)
  if (routed?.some((config) => namespace === "*" || config.namespace === namespace)) return
  if (services.length === 0 && view.others.some((other) => isHere(other, host))) return
  report(egressUnknown, { path, ...unknown(entry, services, view) })
}

function unknown(
  entry: Entry,
  services: readonly RegistryService[],
  view: View,
): Pick<Details, "message" | "references"> {
  if (services.length > 0)
    return {
      message: `namespace ${entry.namespace} has no ${entry.host}; it is in ${homesText(services)}`,
      references: services.slice(0, 3).map(({ object }) => ({ object, path: "" })),
    }
  const name = entry.host.split(".")[0] ?? ""
  const names =
    entry.namespace === "*"
      ? []
      : similar(
          name,
          view.inNamespace("Service", entry.namespace).map(({ metadata }) => metadata.name),
        )
  return {
    message: `no service or service entry has the host ${entry.host}${names.length > 0 ? `; namespace ${entry.namespace} has ${listed(names)}` : ""}`,
  }
}

/** Whether the namespace of an entry is one of any cluster, or something is known of it. */
const isNamespace = (view: View, name: string): boolean =>
  name === view.istioNamespace ||
  name === view.settings.rootNamespace ||
  [view, ...view.others].some(
    (candidate) =>
      candidate.get("Namespace", "", name) !== undefined ||
      candidate.inNamespace("Service", name).length > 0 ||
      candidate.inNamespace(serviceEntryKind, name).length > 0,
  )

function checkWildcard(entry: Entry, view: View, report: Report): void {
  const { host, namespace, path } = entry
  if (namespace !== "*" && !isNamespace(view, namespace)) {
    report(egressUnknown, { path, message: `there is no namespace ${namespace}` })
    return
  }
  if (host === "*") return
  const of = namespaceOfWildcard(host, view.settings.domain)
  if (of === "*") return
  if (of !== undefined && (namespace === "*" || namespace === of)) return
  if (view.find(entriesBySuffix, host.slice(1)).length > 0 || isHere(view, host)) {
    if (of === undefined) return
    report(egressUnknown, { path, message: `${host} is in namespace ${of}, not in ${namespace}` })
    return
  }
  if (view.mesh.meshRoutes.wildcard.some((config) => config.hosts.includes(host))) return
  if (view.others.some((other) => isHere(other, host))) return
  report(egressUnknown, { path, message: `no service or service entry has a host such as ${host}` })
}

function run(object: KubeObject, view: View, report: Report): void {
  const egress = list(record(object["spec"])["egress"])
  const own = object.metadata.namespace ?? ""
  for (let listener = 0; listener < egress.length; listener++) {
    const hosts = list(record(egress[listener])["hosts"])
    for (let index = 0; index < hosts.length; index++) {
      const written = text(hosts[index])
      const parsed = importOf(written, own)
      if (!parsed || parsed.namespace === "~" || parsed.host.startsWith("~")) continue
      if (parsed.host === "*" && (parsed.namespace === "*" || parsed.namespace === own)) continue
      const entry: Entry = {
        ...parsed,
        path: at("spec", "egress", listener, "hosts", index),
      }
      if (isWildcard(parsed.host)) checkWildcard(entry, view, report)
      // A name without a dot is no host of a Sidecar at all, and told of elsewhere.
      else if (parsed.host.includes(".")) checkExact(object, entry, view, report)
    }
  }
}

export const sidecarEgress = check({
  name: "sidecar/egress",
  subject: sidecarKind,
  reads: [...registryKinds, virtualServiceKind, "Namespace"],
  needs: ["Service", "Namespace"],
  rules: [egressUnknown, egressHidden],
  run,
})

export const sidecarOutbound = check({
  name: "sidecar/outbound",
  subject: sidecarKind,
  reads: [],
  rules: [outboundMode],
  run: (object, _view, report) => {
    const policy = record(object["spec"])["outboundTrafficPolicy"]
    if (policy === undefined || policy === null || record(policy)["mode"] !== undefined) return
    const { name, namespace = "" } = object.metadata
    report(outboundMode, {
      path: "spec.outboundTrafficPolicy",
      message: "outboundTrafficPolicy has no mode, which is REGISTRY_ONLY",
      fix: {
        title: "Write REGISTRY_ONLY, as it is",
        edits: [
          {
            object: { kind: sidecarKind, namespace, name },
            patch: [{ op: "add", path: "/spec/outboundTrafficPolicy/mode", value: "REGISTRY_ONLY" }],
          },
        ],
      },
    })
  },
})
