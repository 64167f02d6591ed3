import { peerAuthenticationFor } from "../../../istio/peer-authentication.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import { type KubeObject, type ObjectRef, refOf } from "../../../kube/object.ts"
import { record, text } from "../../../topology/fact/read.ts"
import { type Details, type Report, type View, check, index } from "../../check.ts"
import type { Rule } from "../../rule.ts"
import { hasProxy } from "../ambient/dataplane.ts"
import { type Demand, demandsOf, isEffective } from "./effective-mtls.ts"
import { destinationRule, instanceKinds, peerAuthentication, serviceKinds } from "./kinds.ts"
import {
  mutualToDisabled,
  mutualToExternal,
  mutualToNoProxy,
  plaintextToMeshStrict,
  plaintextToStrict,
  tlsToSidecar,
  widerHidden,
} from "./mtls-rules.ts"
import { servicesBefore } from "./peer-authentication.ts"
import { namespaceOf, selectorLabels, specOf } from "./policy.ts"
import { some } from "./sentence.ts"
import { type TlsPlace, tlsPlaces } from "./tls-place.ts"
import { type Scope, anyService, scopeOf, tlsFor, wideMutualRules, wildcardsFor } from "./wide-host.ts"

/** Pods without a proxy, in one list: few where the mesh is whole. */
export const podsOutside = index({
  name: "security/pods-outside",
  kind: "Pod",
  keysOf: (object) => (hasProxy(object) ? [] : ["outside"]),
})

type Place = TlsPlace & { rule: KubeObject; scope: Scope }

/** The services that this rule is for. For the mesh only those in front of pods without a proxy are looked at. */
function servicesOf(view: View, { scope }: Place): RegistryService[] {
  const found = new Set<RegistryService>()
  if (scope.kind === "host")
    for (const service of view.mesh.services.get(scope.host) ?? []) found.add(service)
  else if (scope.kind === "namespace")
    for (const object of view.inNamespace("Service", scope.namespace))
      for (const service of view.mesh.services.get(
        `${object.metadata.name}.${scope.namespace}.svc.${view.settings.domain}`,
      ) ?? [])
        found.add(service)
  else
    for (const pod of view.find(podsOutside, "outside"))
      for (const service of servicesBefore(view, namespaceOf(pod), pod.metadata.labels ?? {}))
        found.add(service)
  return [...found]
}

const isWide = (view: View, policy: ObjectRef | undefined): boolean => {
  if (policy === undefined) return false
  const config = view.mesh.peerAuthentications
    .get(policy.namespace)
    ?.find(({ object }) => object.name === policy.name)
  return config !== undefined && selectorLabels(config.spec) === undefined
}

function unique(refs: readonly (ObjectRef | undefined)[]): ObjectRef[] {
  const seen = new Map<string, ObjectRef>()
  for (const ref of refs) if (ref !== undefined) seen.set(`${ref.kind}/${ref.namespace}/${ref.name}`, ref)
  return [...seen.values()].slice(0, 8)
}

const servers = (demands: readonly Demand[]): string =>
  some([...new Set(demands.map(({ service, port }) => `${service.name}:${port.number}`))])

const workloads = (demands: readonly Demand[]): string =>
  some([...new Set(demands.map(({ instance }) => instance.workload.name))])

const policyNames = (policies: readonly ObjectRef[]): string =>
  some(policies.map(({ name, namespace }) => `PeerAuthentication ${namespace}/${name}`))

const about = (demands: readonly Demand[]): Details["references"] =>
  unique([
    ...demands.map(({ policy }) => policy),
    ...demands.map(({ service }) => service.object),
    ...demands.map(({ instance }) => instance.object),
  ]).map((object) => ({ object, path: "" }))

function reportAt(
  report: Report,
  rule: Rule,
  place: Place,
  message: string,
  demands: readonly Demand[],
): void {
  report(rule, { path: `${place.path}.mode`, message, references: about(demands) ?? [] })
}

/** What asks mutual TLS of everything in the namespace, or in the mesh and in namespaces of it, that this rule is used for. */
function strictPolicies(view: View, { rule, scope }: Place): ObjectRef[] {
  if (scope.kind === "host") return []
  const { domain, rootNamespace } = view.settings
  const strict = (namespace: string): ObjectRef[] => {
    const service = anyService(domain, namespace === rootNamespace ? undefined : namespace)
    if (!isUsedForAny(view, rule, service)) return []
    const { mode, reasons } = peerAuthenticationFor(view.mesh, { namespace, labels: {} }, 0)
    const policy = reasons[0]?.object
    return mode === "STRICT" && policy !== undefined ? [policy] : []
  }
  if (scope.kind === "namespace") return strict(scope.namespace)
  const namespaces = new Set([rootNamespace, ...view.all(peerAuthentication).map(namespaceOf)])
  return unique([...namespaces].flatMap(strict))
}

function isUsedForAny(view: View, rule: KubeObject, service: { host: string; namespace: string }): boolean {
  const namespace = namespaceOf(rule)
  const isNear = namespace === service.namespace || namespace === view.settings.rootNamespace
  const used = (client: string): boolean => {
    const { object } = tlsFor(view.mesh, client, service)
    return object?.name === rule.metadata.name && object.namespace === namespace
  }
  return (isNear && used("")) || used(namespace)
}

function checkPlaintext(view: View, place: Place, demands: readonly Demand[], report: Report): void {
  const strict = demands.filter(({ mode }) => mode === "STRICT")
  const root = view.settings.rootNamespace
  if (strict.length > 0) {
    const isMesh = strict.every(({ policy }) => policy?.namespace === root)
    reportAt(
      report,
      isMesh ? plaintextToMeshStrict : plaintextToStrict,
      place,
      `DISABLE sends plain text to ${servers(strict)}, which ${strict.length === demands.length ? "takes" : "in part takes"} only mutual TLS: ${policyNames(unique(strict.map(({ policy }) => policy)))}`,
      strict,
    )
    return
  }
  if ((demands.length > 0 && place.scope.kind !== "mesh") || place.labels !== undefined) return
  const policies = strictPolicies(view, place)
  if (policies.length === 0) return
  const isMesh = policies.some(({ namespace }) => namespace === root)
  report(isMesh ? plaintextToMeshStrict : plaintextToStrict, {
    path: `${place.path}.mode`,
    message: `DISABLE sends plain text where only mutual TLS is taken: ${policyNames(policies)}`,
    references: policies.map((object) => ({ object, path: "spec.mtls.mode" })),
  })
}

function checkMutual(view: View, place: Place, demands: readonly Demand[], report: Report): void {
  const disabled = demands.filter(
    ({ mode, policy }) => mode === "DISABLE" && !(place.scope.kind !== "host" && isWide(view, policy)),
  )
  if (disabled.length > 0)
    reportAt(
      report,
      mutualToDisabled,
      place,
      `ISTIO_MUTUAL is not understood by ${servers(disabled)}, where ${policyNames(unique(disabled.map(({ policy }) => policy)))} disables it`,
      disabled,
    )
  const outside = demands.filter(({ mode }) => mode === "NONE")
  if (outside.length > 0)
    reportAt(
      report,
      mutualToNoProxy,
      place,
      `ISTIO_MUTUAL is not understood by ${workloads(outside)}, which ${outside.length === demands.length ? "has" : "in part has"} no proxy, behind ${servers(outside)}`,
      outside,
    )
}

/** Certificates that the proxy's agent writes are the mesh's own: MUTUAL with them is ISTIO_MUTUAL by hand. */
const isOwnCertificate = ({ tls }: TlsPlace): boolean =>
  text(tls["clientCertificate"]).startsWith("/etc/certs/")

function checkOriginated(place: Place, demands: readonly Demand[], report: Report): void {
  if (place.mode === "MUTUAL" && isOwnCertificate(place)) return
  const strict = demands.filter(({ mode }) => mode === "STRICT")
  const plain = demands.filter(
    ({ mode, port }) => mode === "PERMISSIVE" && (port.protocol === "http" || port.protocol === "grpc"),
  )
  if (strict.length > 0)
    reportAt(
      report,
      tlsToSidecar,
      place,
      `${place.mode} is refused by ${servers(strict)}, whose proxy takes only the mesh's mutual TLS`,
      strict,
    )
  else if (plain.length > 0)
    report(tlsToSidecar, {
      path: `${place.path}.mode`,
      level: "warning",
      message: `${place.mode} reaches the application of ${servers(plain)} still encrypted, and its port says ${plain[0]?.port.protocol ?? "http"}`,
      references: about(plain) ?? [],
    })
}

function checkExternal(place: Place, services: readonly RegistryService[], report: Report): void {
  const outside = services.filter(({ external }) => external)
  if (outside.length === 0) return
  report(mutualToExternal, {
    path: `${place.path}.mode`,
    message: `${some(outside.map(({ host }) => host))} is outside of the mesh and does not know its certificates`,
    references: unique(outside.map(({ object }) => object)).map((object) => ({ object, path: "" })),
  })
}

function runPlace(view: View, place: Place, report: Report): void {
  const inScope = servicesOf(view, place)
  const ref = refOf(place.rule)
  const services = inScope.filter((service) => isEffective(view.mesh, ref, service))
  // Closer rules take all of them away from this one.
  if (inScope.length > 0 && services.length === 0 && place.scope.kind !== "mesh") return
  const demands = services
    .filter(({ external }) => !external)
    .flatMap((service) => demandsOf(view, service, { port: place.port, labels: place.labels }))
  if (place.mode === "DISABLE") checkPlaintext(view, place, demands, report)
  else if (place.mode === "ISTIO_MUTUAL") {
    checkMutual(view, place, demands, report)
    checkExternal(place, services, report)
  } else checkOriginated(place, demands, report)
}

/** With automatic mutual TLS a rule that says nothing of TLS leaves it as it is. */
function checkHidden(rule: KubeObject, view: View, report: Report): void {
  const spec = specOf(rule)
  if (record(spec["trafficPolicy"])["tls"] !== undefined) return
  const namespace = namespaceOf(rule)
  const scope = scopeOf(text(spec["host"]), namespace, view.settings.domain)
  if (scope === undefined || scope.kind === "mesh") return
  const end = `.svc.${view.settings.domain}`
  if (scope.kind === "host" && !scope.host.endsWith(end)) return
  const own = scope.kind === "host" ? scope.host.slice(scope.host.indexOf(".") + 1, -end.length) : undefined
  const ref = refOf(rule)
  for (const wildcard of wildcardsFor(view.settings.domain, own)) {
    const wider = view
      .find(wideMutualRules, wildcard)
      .map(refOf)
      .find(
        (other) =>
          [own, namespace, view.settings.rootNamespace].includes(other.namespace) && other.name !== ref.name,
      )
    if (wider === undefined) continue
    report(widerHidden, {
      path: "spec.trafficPolicy",
      message: `mutual TLS of DestinationRule ${wider.namespace}/${wider.name} for ${wildcard} does not count for ${text(spec["host"])}`,
      references: [{ object: wider, path: "spec.trafficPolicy.tls.mode" }],
    })
    return
  }
}

export const destinationRuleTls = check({
  name: "destinationrule/mutual_tls",
  subject: destinationRule,
  reads: [...serviceKinds, ...instanceKinds, "Namespace", peerAuthentication, destinationRule],
  rules: [
    plaintextToStrict,
    plaintextToMeshStrict,
    mutualToDisabled,
    mutualToNoProxy,
    mutualToExternal,
    tlsToSidecar,
    widerHidden,
  ],
  run: (rule, view, report) => {
    const spec = specOf(rule)
    if (!view.settings.autoMtls) checkHidden(rule, view, report)
    const places = tlsPlaces(spec)
    if (places.length === 0) return
    const scope = scopeOf(text(spec["host"]), namespaceOf(rule), view.settings.domain)
    if (scope === undefined) return
    for (const place of places) runPlace(view, { ...place, rule, scope }, report)
  },
})
