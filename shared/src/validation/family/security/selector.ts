import { selectInstances } from "../../../istio/mesh.ts"
import type { Instance } from "../../../istio/instance.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { record } from "../../../topology/fact/read.ts"
import { type Check, type Report, type View, check, index } from "../../check.ts"
import type { Fix } from "../../finding.ts"
import { type Rule, rule } from "../../rule.ts"
import { isCaptured, isInjected } from "../ambient/dataplane.ts"
import { isInMesh, podsAnywhere } from "./coverage.ts"
import {
  authorizationPolicy,
  instanceKinds,
  kubernetesGateway,
  peerAuthentication,
  requestAuthentication,
} from "./kinds.ts"
import { isTargeted, namespaceOf, selectorLabels, specOf } from "./policy.ts"
import { some } from "./sentence.ts"

type Labels = Readonly<Record<string, string>>

const selectors = "https://istio.io/latest/docs/reference/config/type/workload-selector/"

const outsideRule = (domain: string, aliases: readonly string[], effect: string): Rule =>
  rule({
    code: `${domain}.selects_no_proxy`,
    aliases,
    level: "warning",
    title: "Policy is for workloads outside of the mesh",
    effect,
    remedy: "Bring the workloads into the mesh, or remove the policy",
    source: selectors,
  })

const gatewayRule = (domain: string): Rule =>
  rule({
    code: `${domain}.selector_on_gateway`,
    aliases: ["IST0166"],
    level: "warning",
    title: "Policy selects the pods of a Kubernetes gateway",
    effect:
      "Gateways made from the Gateway API look only at policies that name them in targetRefs, so this one does nothing there",
    remedy: "Name the gateway in spec.targetRefs instead of a selector",
    source: "https://istio.io/latest/docs/reference/config/type/workload-selector/#PolicyTargetReference",
  })

/** That nothing has the labels of the other two kinds is said of all kinds alike, among services. */
const nothing = rule({
  code: "authorizationpolicy.selects_nothing",
  aliases: ["IST0127", "KIA0004"],
  level: "warning",
  title: "Policy is for workloads that do not exist",
  effect: "It allows and denies nobody anything",
  remedy: "Correct the selector, or remove the policy",
  source: selectors,
})

const outside = {
  [authorizationPolicy]: outsideRule(
    "authorizationpolicy",
    ["IST0127"],
    "Nothing enforces it: whoever reaches the pods is let in",
  ),
  [peerAuthentication]: outsideRule(
    "peerauthentication",
    [],
    "Nothing enforces it: the pods take plain text as before",
  ),
  [requestAuthentication]: outsideRule(
    "requestauthentication",
    [],
    "Nothing enforces it: tokens are not checked",
  ),
}
type PolicyKind = keyof typeof outside

export const gatewaySelected = {
  [authorizationPolicy]: gatewayRule("authorizationpolicy"),
  [requestAuthentication]: gatewayRule("requestauthentication"),
}

/** Kinds that make pods. One scaled to nothing has no pods, and its policies are still for something. */
const templateKinds = ["Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"] as const

const templateOf = (object: KubeObject) =>
  record(record(record(record(object["spec"])["template"])["metadata"]))

/** Only for policies of the root namespace, which select everywhere. */
const templatesByLabel = templateKinds.map((kind) =>
  index({
    name: `security/templates-by-label/${kind}`,
    kind,
    keysOf: (object) => {
      const labels = record(templateOf(object)["labels"])
      const keys: string[] = []
      for (const name in labels) keys.push(`${name}=${String(labels[name])}`)
      return keys
    },
  }),
)

const templatesIn = (view: View, namespace: string): readonly KubeObject[] =>
  templateKinds.flatMap((kind) => view.inNamespace(kind, namespace))

/** Workloads whose pods would carry the labels; in one namespace, or anywhere. */
function templatesWith(view: View, labels: Labels, namespace: string | undefined): readonly KubeObject[] {
  const wanted = Object.entries(labels)
  const [first] = wanted
  if (first === undefined) return []
  const candidates =
    namespace === undefined
      ? templatesByLabel.flatMap((templates) => view.find(templates, first.join("=")))
      : templatesIn(view, namespace)
  return candidates.filter((object) => {
    const own = record(templateOf(object)["labels"])
    return wanted.every(([name, value]) => own[name] === value)
  })
}

function isTemplateInMesh(view: View, object: KubeObject): boolean {
  const template = templateOf(object)
  const labels = record(template["labels"]) as Labels
  const namespace = view.get("Namespace", "", namespaceOf(object))
  return (
    isInjected(labels, record(template["annotations"]) as Labels, namespace) || isCaptured(labels, namespace)
  )
}

type Found = { instances: readonly Instance[]; templates: () => readonly KubeObject[]; where: string }

function found(view: View, namespace: string, labels: Labels | undefined, isMeshWide: boolean): Found {
  if (labels === undefined)
    return {
      instances: view.mesh.instances.get(namespace) ?? [],
      templates: () => templatesIn(view, namespace),
      where: namespace,
    }
  if (isMeshWide)
    return {
      instances: podsAnywhere(view, labels).flatMap(
        (pod) =>
          view.mesh.instances.get(namespaceOf(pod))?.find(({ name }) => name === pod.metadata.name) ?? [],
      ),
      templates: () => templatesWith(view, labels, undefined),
      where: "the mesh",
    }
  return {
    instances: selectInstances(view.mesh, namespace, labels),
    templates: () => templatesWith(view, labels, namespace),
    where: namespace,
  }
}

export const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",")

/** Labels that no pod there has, whatever the others: the ones that are probably wrong. */
const strangers = (view: View, namespace: string, labels: Labels): string[] =>
  Object.entries(labels)
    .filter(([name, value]) => view.mesh.byLabel.get(`${namespace}/${name}=${value}`) === undefined)
    .map(([name, value]) => `${name}=${value}`)

function nothingText(view: View, namespace: string, where: string, labels: Labels | undefined): string {
  if (labels === undefined) return `there is no pod in ${where}`
  const wrong = where === namespace ? strangers(view, namespace, labels) : []
  return wrong.length === 0 || wrong.length === Object.keys(labels).length
    ? `no pod in ${where} has the labels ${labelText(labels)}`
    : `no pod in ${where} has the labels ${labelText(labels)}; none has ${wrong.join(" or ")}`
}

function outsideText(amount: number, where: string, labels: Labels | undefined): string {
  if (labels === undefined) return `no pod in ${where} has a proxy or is captured by a ztunnel`
  const which = `with ${labelText(labels)} in ${where}`
  return amount === 1
    ? `the workload ${which} has no proxy, and no ztunnel captures it`
    : `none of the ${amount} workloads ${which} has a proxy or is captured by a ztunnel`
}

function run(kind: PolicyKind, policy: KubeObject, view: View, report: Report): void {
  const spec = specOf(policy)
  if (isTargeted(spec)) return
  const namespace = namespaceOf(policy)
  const labels = selectorLabels(spec)
  const isRoot = namespace === view.settings.rootNamespace
  // Without a selector only an AuthorizationPolicy that guards nothing is worth a word; in the root namespace it is for the mesh.
  if (labels === undefined && (isRoot || kind !== authorizationPolicy)) return
  // One with a selector in the root namespace is not looked at at all: that is its own finding.
  if (isRoot && kind === peerAuthentication) return
  const { instances, templates, where } = found(view, namespace, labels, isRoot)
  for (const instance of instances) if (isInMesh(view, instance)) return
  const path = labels === undefined ? "spec" : "spec.selector.matchLabels"
  const makers = templates()
  if (makers.some((object) => isTemplateInMesh(view, object))) return
  if (instances.length + makers.length === 0) {
    if (kind === authorizationPolicy)
      report(nothing, { path, message: nothingText(view, namespace, where, labels) })
  } else
    report(outside[kind], {
      path,
      message: outsideText(instances.length || makers.length, where, labels),
      references: (instances.length > 0 ? instances.map(({ object }) => object) : makers.map(refOf))
        .slice(0, 5)
        .map((object) => ({ object, path: "" })),
    })
}

const selectorCheck = (kind: PolicyKind, domain: string): Check =>
  check({
    name: `${domain}/selector`,
    subject: kind,
    reads: [...instanceKinds, "Namespace", ...templateKinds],
    needs: ["Pod"],
    rules: kind === authorizationPolicy ? [nothing, outside[kind]] : [outside[kind]],
    run: (policy, view, report) => {
      run(kind, policy, view, report)
    },
  })

const gatewayLabel = "gateway.networking.k8s.io/gateway-name"

/** Certain only where the selector names the gateway and nothing else, and the gateway is there. */
function targetFix(policy: KubeObject, view: View, labels: Labels, name: string): Fix | undefined {
  const [only, second] = Object.keys(labels)
  if (only !== gatewayLabel || second !== undefined) return undefined
  if (view.get(kubernetesGateway, namespaceOf(policy), name) === undefined) return undefined
  return {
    title: `Name gateway ${name} in targetRefs`,
    edits: [
      {
        object: refOf(policy),
        patch: [
          { op: "remove", path: "/spec/selector" },
          {
            op: "add",
            path: "/spec/targetRefs",
            value: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name }],
          },
        ],
      },
    ],
  }
}

function runGateway(
  kind: keyof typeof gatewaySelected,
  policy: KubeObject,
  view: View,
  report: Report,
): void {
  const spec = specOf(policy)
  const labels = selectorLabels(spec)
  if (labels === undefined || isTargeted(spec)) return
  const namespace = namespaceOf(policy)
  const names = new Set<string>()
  for (const instance of selectInstances(view.mesh, namespace, labels)) {
    const name = instance.labels[gatewayLabel]
    if (name !== undefined) names.add(name)
  }
  const [first] = names
  if (first === undefined) return
  const fix = names.size === 1 ? targetFix(policy, view, labels, first) : undefined
  report(gatewaySelected[kind], {
    path: "spec.selector",
    message: `it selects the pods of gateway ${some([...names].sort())}, which look only at targetRefs`,
    references: [...names]
      .sort()
      .map((name) => ({ object: { kind: kubernetesGateway, namespace, name }, path: "" })),
    ...(fix === undefined ? {} : { fix }),
  })
}

const gatewayCheck = (kind: keyof typeof gatewaySelected, domain: string): Check =>
  check({
    name: `${domain}/selector_on_gateway`,
    subject: kind,
    reads: [...instanceKinds, kubernetesGateway],
    needs: ["Pod"],
    rules: [gatewaySelected[kind]],
    run: (policy, view, report) => {
      runGateway(kind, policy, view, report)
    },
  })

export const selectorChecks: readonly Check[] = [
  selectorCheck(authorizationPolicy, "authorizationpolicy"),
  selectorCheck(peerAuthentication, "peerauthentication"),
  selectorCheck(requestAuthentication, "requestauthentication"),
  gatewayCheck(authorizationPolicy, "authorizationpolicy"),
  gatewayCheck(requestAuthentication, "requestauthentication"),
]
export const selectorRules: readonly Rule[] = selectorChecks.flatMap((item) => item.rules)
