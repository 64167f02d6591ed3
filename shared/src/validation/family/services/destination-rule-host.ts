import { configHost, isWildcard } from "../../../istio/host.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { record, strings, text } from "../../../topology/fact/read.ts"
import { type Details, type Report, type View, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { audienceOf, audienceOfService, hears } from "./audience.ts"
import { isKnown, serviceOfHost, servicesOf } from "./host.ts"
import { hidingSidecar } from "./imports.ts"
import { destinationRuleKind, instanceKinds, registryKinds, sidecarKind, templateKinds } from "./kinds.ts"
import { similar } from "./words.ts"

const source =
  "https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration"

export const hostUnknown = rule({
  code: "destinationrule.host_unknown",
  aliases: ["IST0174", "KIA0202"],
  level: "warning",
  title: "DestinationRule is for no service",
  effect: "No service or service entry of any cluster has the host, so that the rule does nothing",
  remedy: "Correct the host, or remove the rule",
})
export const hostHidden = rule({
  code: "destinationrule.host_hidden",
  aliases: ["IST0174", "KIA0202"],
  level: "warning",
  title: "DestinationRule is for a service that its clients do not see",
  effect:
    "Outside of the service's namespace a rule is for clients of its own namespace, to which the service is not exported",
  remedy: "Export the service to the rule's namespace, or move the rule to the service's namespace",
  source,
})
export const hostNotImported = rule({
  code: "destinationrule.host_not_imported",
  aliases: [],
  level: "warning",
  title: "DestinationRule is for a service that no Sidecar of its namespace imports",
  effect:
    "Outside of the service's namespace a rule is for clients of its own namespace, and their proxies do not know the service",
  remedy: "Add the service to the Sidecar's egress, or move the rule to the service's namespace",
  source,
})
export const neverUsed = rule({
  code: "destinationrule.never_used",
  aliases: [],
  level: "warning",
  title: "DestinationRule is where no client looks for it",
  effect:
    "Clients look in their own namespace, the service's and the root namespace; of no client is this rule in one of them",
  remedy: "Move the rule to the service's namespace, or export it to its own",
  source,
})

function suggestion(view: View, host: string, namespace: string): string {
  const { domain } = view.settings
  const full = `${host}.svc.${domain}`
  const parts = serviceOfHost(full, domain)
  if (parts && view.get("Service", parts.namespace, parts.name))
    return `; a name with a dot is taken as it is, the service is ${full}`
  const [name = "", of = namespace] = host.split(".")
  const names = similar(
    name,
    view.inNamespace("Service", of).map(({ metadata }) => metadata.name),
  )
  return names.length > 0 ? `; namespace ${of} has ${names.join(", ")}` : ""
}

function reportUnknown(object: KubeObject, host: string, view: View, report: Report): void {
  const namespace = object.metadata.namespace ?? ""
  const written = text(record(object["spec"])["host"])
  report(hostUnknown, {
    path: "spec.host",
    message: `${host} is the host of no service or service entry${isWildcard(host) ? "" : suggestion(view, written, namespace)}`,
    ...fixOf(object, written, view),
  })
}

/** `reviews.shop` names a service to people, but not to Istio. */
function fixOf(object: KubeObject, written: string, view: View): Pick<Details, "fix"> {
  const full = `${written}.svc.${view.settings.domain}`
  const parts = serviceOfHost(full, view.settings.domain)
  if (!parts || !written.includes(".") || !view.get("Service", parts.namespace, parts.name)) return {}
  const { name, namespace = "" } = object.metadata
  return {
    fix: {
      title: `Write the host as ${full}`,
      edits: [
        {
          object: { kind: destinationRuleKind, namespace, name },
          patch: [{ op: "replace", path: "/spec/host", value: full }],
        },
      ],
    },
  }
}

/** Why clients of the rule's own namespace do not get it, where they are the only ones who could. */
function reportUnseen(
  object: KubeObject,
  host: string,
  services: readonly RegistryService[],
  { view, report }: { view: View; report: Report },
): void {
  const namespace = object.metadata.namespace ?? ""
  const spec = record(object["spec"])
  const { exportTo } = view.settings
  const references = services.slice(0, 3).map((service) => ({ object: service.object, path: "" }))
  const homes = [...new Set(services.map((service) => service.namespace))].join(", ")
  const audience = audienceOf(strings(spec["exportTo"]), namespace, exportTo.destinationRule)
  const selects = spec["workloadSelector"] !== undefined
  if (!selects && !hears(audience, namespace)) {
    report(neverUsed, {
      path: "spec.exportTo",
      message: `${host} is in namespace ${homes}; a rule in ${namespace} can only be for clients in ${namespace}, to which it is not exported`,
      references,
    })
    return
  }
  if (!services.some((service) => hears(audienceOfService(service, exportTo.service), namespace))) {
    report(hostHidden, {
      path: "spec.host",
      message: `${host} is in namespace ${homes} and not exported to ${namespace}, where the rule's clients are`,
      references,
    })
    return
  }
  const hiding = services.map((service) => hidingSidecar(view, namespace, host, service.namespace))
  const [first] = hiding
  if (first !== undefined && !hiding.includes(undefined))
    report(hostNotImported, {
      path: "spec.host",
      message: `Sidecar ${first.namespace}/${first.object.name} lets no workload of ${namespace} see ${host}`,
      references: [...references, { object: first.object, path: "spec.egress" }],
    })
}

/** The services a rule is for, where it is for clients of its own namespace alone; undefined elsewhere. */
function foreignServices(
  object: KubeObject,
  host: string,
  view: View,
): readonly RegistryService[] | undefined {
  const namespace = object.metadata.namespace ?? ""
  if (namespace === view.settings.rootNamespace || isWildcard(host)) return undefined
  const services = servicesOf(view, host)
  return services.length === 0 || services.some((service) => service.namespace === namespace)
    ? undefined
    : services
}

const hasWorkloads = (view: View, namespace: string): boolean =>
  view.mesh.instances.get(namespace) !== undefined ||
  templateKinds.some((kind) => view.inNamespace(kind, namespace).length > 0)

/** A rule kept apart from services and clients: in a namespace for configuration that is not the root namespace. */
export const destinationRuleClients = check({
  name: "destinationrule/clients",
  subject: destinationRuleKind,
  reads: [...registryKinds, ...instanceKinds, ...templateKinds],
  needs: ["Service", "Pod"],
  rules: [neverUsed],
  run: (object, view, report) => {
    const namespace = object.metadata.namespace ?? ""
    const spec = record(object["spec"])
    const host = configHost(text(spec["host"]), namespace, view.settings.domain)
    const services = foreignServices(object, host, view)
    if (services === undefined || view.mesh.instances.get(namespace) !== undefined) return
    // One that is not exported to its own namespace is told of with its host.
    if (
      !hears(
        audienceOf(strings(spec["exportTo"]), namespace, view.settings.exportTo.destinationRule),
        namespace,
      )
    )
      return
    if ([view, ...view.others].some((one) => hasWorkloads(one, namespace))) return
    report(neverUsed, {
      path: "spec.host",
      message: `${host} is in namespace ${[...new Set(services.map((service) => service.namespace))].join(", ")}; a rule in ${namespace} can only be for clients in ${namespace}, which has no workloads`,
      references: services.slice(0, 3).map((service) => ({ object: service.object, path: "" })),
    })
  },
})

export const destinationRuleHost = check({
  name: "destinationrule/host",
  subject: destinationRuleKind,
  reads: [...registryKinds, ...instanceKinds, sidecarKind],
  needs: ["Service"],
  rules: [hostUnknown, hostHidden, hostNotImported, neverUsed],
  run: (object, view, report) => {
    const namespace = object.metadata.namespace ?? ""
    const host = configHost(text(record(object["spec"])["host"]), namespace, view.settings.domain)
    if (host === "") return
    if (!isKnown(view, host)) {
      reportUnknown(object, host, view, report)
      return
    }
    const services = foreignServices(object, host, view)
    if (services) reportUnseen(object, host, services, { view, report })
  },
})
