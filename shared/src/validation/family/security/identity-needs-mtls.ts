import { serviceHost } from "../../../istio/host.ts"
import type { Instance } from "../../../istio/instance.ts"
import { isSubset } from "../../../istio/mesh.ts"
import { peerAuthenticationFor } from "../../../istio/peer-authentication.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, strings, text } from "../../../topology/fact/read.ts"
import { type View, check } from "../../check.ts"
import { coverageOf, dataplaneAt } from "./coverage.ts"
import {
  authorizationPolicy,
  destinationRule,
  instanceKinds,
  peerAuthentication,
  serviceKinds,
} from "./kinds.ts"
import { mtlsNeeded } from "./mtls-rules.ts"
import { servicesBefore } from "./peer-authentication.ts"
import {
  fromsOf,
  isTargeted,
  namespaceOf,
  rulesOf,
  selectorLabels,
  sourceOf,
  sourcePath,
  specOf,
  whensOf,
} from "./policy.ts"
import { anyService, tlsFor } from "./wide-host.ts"

const sourceFields = [
  "principals",
  "notPrincipals",
  "namespaces",
  "notNamespaces",
  "serviceAccounts",
  "notServiceAccounts",
] as const
const conditionKeys = new Set([
  "source.namespace",
  "source.principal",
  "source.serviceAccount",
  "connection.sni",
])

type Need = { path: string; field: string; clients: Set<string> }

/** Namespaces that callers of a source may be of, where it names them. */
function clientsOf(source: Json): Set<string> {
  const clients = new Set<string>()
  for (const namespace of strings(source["namespaces"])) if (!namespace.includes("*")) clients.add(namespace)
  for (const principal of strings(source["principals"])) {
    const namespace = /\/ns\/([^/*]+)\/sa\//.exec(principal)?.[1]
    if (namespace !== undefined) clients.add(namespace)
  }
  return clients
}

function needsOf(policy: KubeObject): Need[] {
  const needs: Need[] = []
  rulesOf(specOf(policy)).forEach((item, at) => {
    const rule = record(item)
    fromsOf(rule).forEach((from, position) => {
      const source = sourceOf(from)
      for (const field of sourceFields)
        if (list(source[field]).length > 0)
          needs.push({ path: `${sourcePath(at, position)}.${field}`, field, clients: clientsOf(source) })
    })
    whensOf(rule).forEach((when, position) => {
      const key = text(record(when)["key"])
      if (conditionKeys.has(key))
        needs.push({ path: `spec.rules[${at}].when[${position}]`, field: key, clients: new Set() })
    })
  })
  return needs
}

type Target = { labels: Readonly<Record<string, string>>; services: readonly RegistryService[] }

const accepts = (view: View, namespace: string, labels: Target["labels"]): boolean => {
  if (peerAuthenticationFor(view.mesh, { namespace, labels }, 0).mode !== "DISABLE") return true
  // A port of its own may take mutual TLS where the workload does not.
  return (view.mesh.peerAuthentications.get(namespace) ?? []).some(
    ({ spec }) =>
      isSubset(selectorLabels(spec) ?? labels, labels) &&
      Object.values(record(spec["portLevelMtls"])).some((level) => {
        const mode = record(level)["mode"]
        return mode === "STRICT" || mode === "PERMISSIVE"
      }),
  )
}

const isMutual = (view: View, mode: string): boolean =>
  mode === "ISTIO_MUTUAL" || mode === "MUTUAL" || (mode === "" && view.settings.autoMtls)

/** Why a caller from one of the namespaces shows no identity to what the policy is for; undefined when it may. */
function refusal(
  view: View,
  namespace: string,
  target: Target,
  clients: Iterable<string>,
): string | undefined {
  if (!accepts(view, namespace, target.labels)) return "PeerAuthentication disables mutual TLS there"
  const services: { host: string; namespace: string }[] =
    target.services.length > 0 ? [...target.services] : [anyService(view.settings.domain, namespace)]
  let why: string | undefined
  for (const client of clients)
    for (const service of services) {
      const { mode, object } = tlsFor(view.mesh, client, service)
      if (isMutual(view, mode)) return undefined
      why =
        object === undefined || mode === ""
          ? "automatic mutual TLS is off and no DestinationRule asks for it"
          : `DestinationRule ${object.namespace}/${object.name} says ${mode}`
    }
  return why
}

const allServices = (view: View, namespace: string): RegistryService[] =>
  view
    .inNamespace("Service", namespace)
    .flatMap((object) =>
      (
        view.mesh.services.get(serviceHost(object.metadata.name, namespace, view.settings.domain)) ?? []
      ).filter(({ selector }) => Object.keys(selector).length > 0),
    )

/** What the policy is for, one by one: a single one that callers can show an identity to is enough for silence. */
function* targetsOf(
  view: View,
  policy: KubeObject,
  instances: readonly Instance[],
): Generator<Target | "ambient"> {
  const namespace = namespaceOf(policy)
  for (const instance of instances)
    yield instance.gateway || dataplaneAt(view, instance) === "ambient"
      ? "ambient"
      : {
          labels: instance.labels,
          services: servicesBefore(view, namespace, instance.labels),
        }
  if (instances.length > 0) return
  const labels = selectorLabels(specOf(policy))
  yield labels === undefined
    ? { labels: {}, services: allServices(view, namespace) }
    : { labels, services: servicesBefore(view, namespace, labels) }
}

/** Why no caller shows an identity to anything the policy is for. */
function refusalOfAll(
  view: View,
  policy: KubeObject,
  instances: readonly Instance[],
  clients: Iterable<string>,
): string | undefined {
  const namespace = namespaceOf(policy)
  if (namespace === view.settings.rootNamespace)
    return refusal(view, namespace, { labels: {}, services: [] }, clients)
  let why: string | undefined
  for (const target of targetsOf(view, policy, instances)) {
    why = target === "ambient" ? undefined : refusal(view, namespace, target, clients)
    if (why === undefined) return undefined
  }
  return why
}

export const identityNeedsMtls = check({
  name: "authorizationpolicy/identity",
  subject: authorizationPolicy,
  reads: [...instanceKinds, ...serviceKinds, "Namespace", peerAuthentication, destinationRule],
  rules: [mtlsNeeded],
  run: (policy, view, report) => {
    if (isTargeted(specOf(policy))) return
    const needs = needsOf(policy)
    if (needs.length === 0) return
    const namespace = namespaceOf(policy)
    const covered = namespace === view.settings.rootNamespace ? [] : coverageOf(view, policy)
    for (const { path, field, clients } of needs) {
      const from = clients.size > 0 ? clients : new Set([namespace, ""])
      const why = refusalOfAll(view, policy, covered === "mesh" ? [] : covered, from)
      if (why !== undefined) report(mtlsNeeded, { path, message: `${field} needs mutual TLS: ${why}` })
    }
  },
})
