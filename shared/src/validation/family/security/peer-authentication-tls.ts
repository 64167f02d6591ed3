import { type KubeObject, type ObjectRef, refOf } from "../../../kube/object.ts"
import type { RegistryService } from "../../../istio/registry.ts"
import { isSubset } from "../../../istio/mesh.ts"
import { record, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check } from "../../check.ts"
import { dataplaneOf, injectsSidecars, isAmbientNamespace } from "../ambient/dataplane.ts"
import { podsOutside } from "./destination-rule-tls.ts"
import { destinationRule, peerAuthentication, serviceEntry, workloadEntry } from "./kinds.ts"
import {
  disabledToMutual,
  meshDisabledToMutual,
  plaintextClients,
  strictWithoutMeshRule,
  strictWithoutRule,
} from "./mtls-rules.ts"
import { namespaceOf, selectorLabels, specOf } from "./policy.ts"
import { count, some } from "./sentence.ts"
import { anyService, tlsFor, wideMutualRules, wildcardsFor } from "./wide-host.ts"

/** The oldest without a selector is the one that counts; the others are their own finding. */
function counts(view: View, policy: KubeObject): boolean {
  const first = view.mesh.peerAuthentications
    .get(namespaceOf(policy))
    ?.find((config) => selectorLabels(config.spec) === undefined)
  return first === undefined || first.object.name === policy.metadata.name
}

/** Wide DestinationRules with ISTIO_MUTUAL that some client really uses towards what the policy is for. */
function mutualClients(view: View, namespace: string | undefined): ObjectRef[] {
  const service = anyService(view.settings.domain, namespace)
  const root = view.settings.rootNamespace
  const used: ObjectRef[] = []
  for (const wildcard of wildcardsFor(view.settings.domain, namespace))
    for (const rule of view.find(wideMutualRules, wildcard).map(refOf)) {
      const isNear = rule.namespace === root || rule.namespace === namespace
      const client = isNear ? "" : rule.namespace
      const { object } = tlsFor(view.mesh, client, service)
      if (object?.name === rule.name && object.namespace === rule.namespace) used.push(rule)
    }
  return used
}

function runDisabled(view: View, policy: KubeObject, report: Report): void {
  const namespace = namespaceOf(policy)
  const isMesh = namespace === view.settings.rootNamespace
  const rules = mutualClients(view, isMesh ? undefined : namespace)
  if (rules.length === 0) return
  report(isMesh ? meshDisabledToMutual : disabledToMutual, {
    path: "spec.mtls.mode",
    message: `servers of ${isMesh ? "the mesh" : namespace} take plain text only, and ${some(rules.map((rule) => `DestinationRule ${rule.namespace}/${rule.name}`))} calls them with ISTIO_MUTUAL`,
    references: rules.map((object) => ({ object, path: "spec.trafficPolicy.tls.mode" })),
  })
}

/** Services of a namespace whose clients send plain text when nothing is automatic. */
function plaintextServices(
  view: View,
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
) {
  const all: RegistryService[] = []
  const plain: RegistryService[] = []
  for (const object of view.inNamespace("Service", namespace))
    for (const service of view.mesh.services.get(
      `${object.metadata.name}.${namespace}.svc.${view.settings.domain}`,
    ) ?? []) {
      if (service.external || Object.keys(service.selector).length === 0) continue
      if (labels !== undefined && !isSubset(service.selector, labels)) continue
      all.push(service)
      const { mode } = tlsFor(view.mesh, "", service)
      if (mode === "") plain.push(service)
    }
  return { all, plain }
}

function runStrict(view: View, policy: KubeObject, report: Report): void {
  if (view.settings.autoMtls) return
  const namespace = namespaceOf(policy)
  const isMesh = namespace === view.settings.rootNamespace
  if (isMesh) {
    if (tlsFor(view.mesh, "", anyService(view.settings.domain)).mode !== "") return
    report(strictWithoutMeshRule, {
      path: "spec.mtls.mode",
      message: "enableAutoMtls is false and no DestinationRule for the mesh asks for ISTIO_MUTUAL",
    })
    return
  }
  const { all, plain } = plaintextServices(view, namespace, selectorLabels(specOf(policy)))
  if (all.length === 0 && tlsFor(view.mesh, "", anyService(view.settings.domain, namespace)).mode !== "")
    return
  if (all.length > 0 && plain.length === 0) return
  report(strictWithoutRule, {
    path: "spec.mtls.mode",
    message: `enableAutoMtls is false and no DestinationRule asks for ISTIO_MUTUAL to ${plain.length > 0 ? some(plain.map(({ name }) => name)) : namespace}`,
    references: plain.slice(0, 8).map(({ object }) => ({ object, path: "" })),
  })
}

export const modes = check({
  name: "peerauthentication/clients",
  subject: peerAuthentication,
  reads: [peerAuthentication, destinationRule, "Service", serviceEntry],
  rules: [disabledToMutual, meshDisabledToMutual, strictWithoutMeshRule, strictWithoutRule],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    const mode = text(record(spec["mtls"])["mode"])
    if (mode !== "STRICT" && mode !== "DISABLE") return
    const isWide = selectorLabels(spec) === undefined
    if (!isWide && namespaceOf(policy) === view.settings.rootNamespace) return
    if (isWide && !counts(view, policy)) return
    if (mode === "STRICT") runStrict(view, policy, report)
    else if (isWide) runDisabled(view, policy, report)
  },
})

const isOver = (pod: KubeObject): boolean => {
  const phase = record(pod["status"])["phase"]
  return phase === "Succeeded" || phase === "Failed"
}

/** Pods that stand outside of the mesh although their namespace is in it. */
function outsiders(view: View, namespace: string | undefined): KubeObject[] {
  const candidates =
    namespace === undefined ? view.find(podsOutside, "outside") : view.inNamespace("Pod", namespace)
  return candidates.filter((pod) => {
    const own = namespaceOf(pod)
    if (own === view.settings.rootNamespace || own === view.istioNamespace || isOver(pod)) return false
    if (dataplaneOf(view, pod) !== "none") return false
    if (namespace !== undefined) return true
    const object = view.get("Namespace", "", own)
    return injectsSidecars(object) || isAmbientNamespace(object)
  })
}

export const plaintext = check({
  name: "peerauthentication/plaintext_pods",
  subject: peerAuthentication,
  reads: [peerAuthentication, "Pod", "Namespace", workloadEntry],
  needs: ["Pod", "Namespace"],
  rules: [plaintextClients],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    if (record(spec["mtls"])["mode"] !== "STRICT" || selectorLabels(spec) !== undefined) return
    if (!counts(view, policy)) return
    const namespace = namespaceOf(policy)
    const isMesh = namespace === view.settings.rootNamespace
    const pods = outsiders(view, isMesh ? undefined : namespace)
    if (pods.length === 0) return
    const all = isMesh ? Infinity : view.inNamespace("Pod", namespace).length
    // Nobody is in the mesh there: that the policy does nothing is another finding.
    if (pods.length === all) return
    const names = pods.map((pod) => (isMesh ? `${namespaceOf(pod)}/${pod.metadata.name}` : pod.metadata.name))
    report(plaintextClients, {
      path: "spec.mtls.mode",
      message: `${count(pods.length, "pod")} ${isMesh ? "of the mesh" : `of ${namespace}`} ${pods.length === 1 ? "has" : "have"} no proxy: ${some(names)}`,
      references: pods.slice(0, 8).map((pod) => ({ object: refOf(pod), path: "" })),
    })
  },
})
