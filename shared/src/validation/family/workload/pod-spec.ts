import { type LabelRequirement, selects } from "../../../kube/selector.ts"
import { type Json, list, record, stringMap, strings, text } from "../../../topology/fact/read.ts"
import { type Report, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { deploymentKind, mutatingKind, namespaceKind, podKind } from "./kinds.ts"
import { isOfIstio, namespaceOf, proxyName } from "./pod.ts"

export const proxyUid = rule({
  code: "workload.runs_as_proxy",
  aliases: ["IST0144"],
  level: "warning",
  title: "Application runs as user 1337",
  effect:
    "What user 1337 sends is taken for the proxy's own and passes it by: no routing, no mutual TLS, no policies",
  remedy: "Run it as another user",
  source: "https://istio.io/latest/docs/ops/deployment/application-requirements/",
})
export const imageAutoPod = rule({
  code: "workload.image_auto_left",
  aliases: ["IST0147"],
  level: "error",
  title: "Pod whose proxy image is still auto",
  effect: "The kubelet looks for an image named auto, and the pod does not start",
  remedy: "Let the injector take the pod (labels of pod and namespace), or name an image",
})
export const imageAutoTemplate = rule({
  code: "workload.image_auto_not_injected",
  aliases: ["IST0146"],
  level: "warning",
  title: "Deployment with image auto that no injector takes",
  effect: "Its pods will look for an image named auto, and will not start",
  remedy: "Label the namespace or the pod template so that the injector takes them",
})

const isUid = (context: unknown): boolean => record(context)["runAsUser"] === 1337

/** Containers of Istio itself, which may. */
const ownContainers: ReadonlySet<string> = new Set([proxyName, "istio-operator", "enable-core-dump"])

function judgeUid(spec: Json, path: string, report: Report): void {
  if (isUid(spec["securityContext"])) {
    report(proxyUid, {
      path: `${path}.securityContext.runAsUser`,
      message: "the pod runs as user 1337, as the proxy does",
    })
    return
  }
  const containers = list(spec["containers"])
  const found: string[] = []
  let first = -1
  for (let i = 0; i < containers.length; i++) {
    const container = record(containers[i])
    const name = text(container["name"])
    if (ownContainers.has(name) || !isUid(container["securityContext"])) continue
    if (first < 0) first = i
    found.push(name)
  }
  if (first >= 0)
    report(proxyUid, {
      path: `${path}.containers[${first}].securityContext.runAsUser`,
      message: `${found.length === 1 ? "container" : "containers"} ${found.join(", ")} ${found.length === 1 ? "runs" : "run"} as user 1337, as the proxy does`,
    })
}

export const podUser = check({
  name: "pod/user",
  subject: podKind,
  reads: [],
  rules: [proxyUid, imageAutoPod],
  run: (pod, _, report) => {
    const spec = record(pod["spec"])
    if (!isOfIstio(pod)) judgeUid(spec, "spec", report)
    const auto = list(spec["containers"]).findIndex((item) => isAuto(record(item)))
    if (auto >= 0)
      report(imageAutoPod, {
        path: `spec.containers[${auto}].image`,
        message: `the image of istio-proxy in ${pod.metadata.name} is still auto: no injector took the pod`,
      })
  },
})

const isAuto = (container: Json): boolean => container["name"] === proxyName && container["image"] === "auto"

const templateOf = (deployment: Record<string, unknown>): Json =>
  record(record(deployment["spec"])["template"])

export const deploymentUser = check({
  name: "deployment/user",
  subject: deploymentKind,
  reads: [],
  rules: [proxyUid],
  run: (deployment, _, report) => {
    if (isOfIstio(deployment)) return
    judgeUid(record(templateOf(deployment)["spec"]), "spec.template.spec", report)
  },
})

const operators = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "absent" } as const

/** A LabelSelector of Kubernetes; undefined when it cannot be read. A missing one takes everything. */
export function requirementsOf(selector: unknown): LabelRequirement[] | undefined {
  const requirements: LabelRequirement[] = Object.entries(stringMap(record(selector)["matchLabels"])).map(
    ([key, value]) => ({ key, op: "in", values: [value] }),
  )
  for (const item of list(record(selector)["matchExpressions"]).map(record)) {
    const op = operators[text(item["operator"]) as keyof typeof operators] as
      (typeof operators)[keyof typeof operators] | undefined
    if (op === undefined) return undefined
    requirements.push({ key: text(item["key"]), op, values: strings(item["values"]) })
  }
  return requirements
}

export function takes(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const requirements = requirementsOf(selector)
  return requirements !== undefined && selects(requirements, labels)
}

export const imageAuto = check({
  name: "deployment/image-auto",
  subject: deploymentKind,
  reads: [namespaceKind, mutatingKind],
  rules: [imageAutoTemplate],
  run: (deployment, view, report) => {
    const template = templateOf(deployment)
    const containers = list(record(template["spec"])["containers"])
    const auto = containers.findIndex((item) => isAuto(record(item)))
    if (auto < 0) return
    const namespaceLabels = namespaceOf(view, deployment.metadata.namespace)?.metadata.labels ?? {}
    const podLabels = stringMap(record(template["metadata"])["labels"])
    const taken = view
      .all(mutatingKind)
      .flatMap((configuration) => list(configuration["webhooks"]).map(record))
      .some(
        (webhook) =>
          text(webhook["name"]).endsWith("istio.io") &&
          takes(webhook["namespaceSelector"], namespaceLabels) &&
          takes(webhook["objectSelector"], podLabels),
      )
    if (!taken)
      report(imageAutoTemplate, {
        path: `spec.template.spec.containers[${auto}].image`,
        message: `no injector takes the pods of ${deployment.metadata.name}, which leaves the image of istio-proxy at auto`,
      })
  },
})
