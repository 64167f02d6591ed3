import type { KubeObject } from "../../../kube/object.ts"
import { list, record } from "../../../topology/fact/read.ts"
import { type Check, type Report, check } from "../../check.ts"
import { at, pointerOf } from "../../path.ts"
import { refOf } from "../../../kube/object.ts"
import { rule } from "../../rule.ts"
import { annotations, writtenByIstio } from "./annotation-table.ts"
import { judges } from "./annotation-value.ts"
import { deploymentKind, namespaceKind, podKind, serviceKind } from "./kinds.ts"

const source = "https://istio.io/latest/docs/reference/config/annotations/"

export const annotationUnknown = rule({
  code: "annotation.unknown",
  aliases: ["IST0108"],
  level: "warning",
  title: "Annotation that Istio does not know",
  effect: "Istio ignores it",
  remedy: "Correct its name, or remove it",
  source,
})
export const annotationMisplaced = rule({
  code: "annotation.misplaced",
  aliases: ["IST0107"],
  level: "warning",
  title: "Annotation on a kind that it is not read from",
  effect: "Istio ignores it there",
  remedy: "Put it where Istio reads it; of a Deployment that is its pod template",
  source,
})
export const annotationInvalid = rule({
  code: "annotation.invalid",
  aliases: ["IST0125"],
  level: "warning",
  title: "Value of an annotation that cannot be read",
  effect: "The injector refuses the pod, or the setting does not take effect",
  remedy: "Write a value of its type",
  source,
})
export const annotationDeprecated = rule({
  code: "annotation.deprecated",
  aliases: ["IST0135"],
  level: "info",
  title: "Annotation that is deprecated",
  effect: "It still works, and will not in a later version",
  remedy: "Use what replaces it",
  source,
})
export const annotationAlpha = rule({
  code: "annotation.alpha",
  aliases: ["IST0136"],
  level: "info",
  title: "Annotation of the alpha stage",
  effect: "It may change or go with any version",
  remedy: "Know that it may, before an upgrade",
  source,
})

const rules = [
  annotationUnknown,
  annotationMisplaced,
  annotationInvalid,
  annotationDeprecated,
  annotationAlpha,
]

const isOfIstio = (name: string): boolean => {
  if (name === "kubernetes.io/ingress.class") return true
  const slash = name.indexOf("/")
  return slash > 0 && name.slice(0, slash).endsWith("istio.io")
}

/** Without an init container that redirects, pods get these annotations by themselves. Source: istio `maturity.AlphaAnalyzer`. */
const setWithoutInit: ReadonlySet<string> = new Set([
  "sidecar.istio.io/interceptionMode",
  "traffic.sidecar.istio.io/includeInboundPorts",
  "traffic.sidecar.istio.io/excludeInboundPorts",
  "traffic.sidecar.istio.io/includeOutboundIPRanges",
])

const isSetByInjection = (object: KubeObject, name: string): boolean =>
  object.kind === podKind &&
  setWithoutInit.has(name) &&
  !list(record(object["spec"])["initContainers"]).some((item) => record(item)["name"] === "istio-init")

function judge(object: KubeObject, name: string, value: string, report: Report): void {
  const path = at("metadata", "annotations", name)
  const known = annotations.get(name)
  if (known === undefined) {
    report(annotationUnknown, { path, message: `Istio has no annotation ${name}` })
    return
  }
  const labelled = object.metadata.labels?.["sidecar.istio.io/inject"] !== undefined
  if (known.deprecated && !(name === "sidecar.istio.io/inject" && labelled)) {
    const instead = name === "sidecar.istio.io/inject" ? "; the label of the same name replaces it" : ""
    report(annotationDeprecated, { path, message: `${name} is deprecated${instead}` })
  }
  if (known.stage === "alpha" && !isSetByInjection(object, name))
    report(annotationAlpha, { path, message: `${name} is of the alpha stage` })
  if (known.kinds.length === 0) return
  if (!known.kinds.includes(object.kind)) {
    report(annotationMisplaced, {
      path,
      message: `${name} is read from a ${known.kinds.join(" or ")}, not from a ${object.kind}`,
      fix: {
        title: `Remove ${name}`,
        edits: [{ object: refOf(object), patch: [{ op: "remove", path: pointerOf(path) }] }],
      },
    })
    return
  }
  const wrong = judges.get(name)?.(value)
  if (wrong !== undefined) report(annotationInvalid, { path, message: `${name} ${wrong}` })
}

const annotationsOf = (subject: string): Check =>
  check({
    name: `annotations/${subject}`,
    subject,
    reads: [],
    rules,
    run: (object, _, report) => {
      const written = object.metadata.annotations
      if (written === undefined) return
      for (const name in written)
        if (isOfIstio(name) && !writtenByIstio.has(name)) judge(object, name, written[name] ?? "", report)
    },
  })

export const annotationChecks: readonly Check[] = [namespaceKind, serviceKind, podKind, deploymentKind].map(
  annotationsOf,
)
