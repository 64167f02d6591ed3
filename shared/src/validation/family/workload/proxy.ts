import type { KubeObject } from "../../../kube/object.ts"
import { list, record, stringMap, text } from "../../../topology/fact/read.ts"
import { type View, check, meshConfigKind } from "../../check.ts"
import { rule } from "../../rule.ts"
import { injectorFor, proxyImageOf } from "./injector.ts"
import { configMapKind, namespaceKind, podKind, proxyConfigKind } from "./kinds.ts"
import { injectionWish, namespaceOf, proxyOf, revisionOf } from "./pod.ts"

export const proxyMissing = rule({
  code: "workload.proxy_missing",
  aliases: ["IST0103"],
  level: "warning",
  title: "Pod without a proxy in a namespace that is injected",
  effect: "Its traffic is outside of the mesh: no routing, no policies, no mutual TLS, no metrics",
  remedy:
    "Restart it, so that the injector adds the proxy; or label it sidecar.istio.io/inject=false if it is meant so",
})
export const proxyImageDiffers = rule({
  code: "namespace.proxy_image_mismatch",
  aliases: ["IST0158"],
  level: "warning",
  title: "Pods run another proxy image than the injector's",
  effect: "These pods keep their old proxy until they are restarted",
  remedy: "Restart the workloads",
})

const hasEnded = (pod: KubeObject): boolean => {
  const phase = record(pod["status"])["phase"]
  return phase === "Succeeded" || phase === "Failed"
}

export const missingProxy = check({
  name: "pod/proxy",
  subject: podKind,
  reads: [namespaceKind],
  rules: [proxyMissing],
  run: (pod, view, report) => {
    const spec = record(pod["spec"])
    if (proxyOf(spec) !== undefined || spec["hostNetwork"] === true) return
    const revision = revisionOf(namespaceOf(view, pod.metadata.namespace))
    if (revision === undefined || injectionWish(pod.metadata) === false || hasEnded(pod)) return
    report(proxyMissing, {
      path: "spec.containers",
      message: `Pod ${pod.metadata.name} has no istio-proxy, although ${pod.metadata.namespace ?? ""} is injected by revision ${revision}`,
      references: [
        {
          object: { kind: namespaceKind, namespace: "", name: pod.metadata.namespace ?? "" },
          path: "metadata.labels",
        },
      ],
    })
  },
})

const imageTypeOf = (value: unknown): string => text(record(record(value)["image"])["imageType"])

/** Of a namespace's ProxyConfigs, what the last one that is for these labels says; those without a selector are for all. */
function configured(
  view: View,
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
): string {
  let type = ""
  for (const config of view.inNamespace(proxyConfigKind, namespace)) {
    const wanted = Object.entries(stringMap(record(record(config["spec"])["selector"])["matchLabels"]))
    const isFor =
      labels === undefined
        ? wanted.length === 0
        : wanted.length > 0 && wanted.every(([label, value]) => labels[label] === value)
    if (isFor) type = imageTypeOf(config["spec"]) || type
  }
  return type
}

/** The variant of the image that a pod gets, most special first; "" for the plain one. */
function imageType(view: View, { metadata }: KubeObject): string {
  const annotation = metadata.annotations?.["proxy.istio.io/config"] ?? ""
  const own = /imageType['"]?\s*:\s*['"]?([\w-]+)/.exec(annotation)?.[1] ?? ""
  const namespace = metadata.namespace ?? ""
  const ofMesh = (): string =>
    view
      .all(meshConfigKind)
      .map((config) => imageTypeOf(record(record(config["spec"])["defaultConfig"])))
      .find((type) => type !== "") ?? ""
  const type =
    own ||
    configured(view, namespace, metadata.labels ?? {}) ||
    configured(view, namespace, undefined) ||
    configured(view, view.settings.rootNamespace, undefined) ||
    ofMesh()
  return type === "default" ? "" : type
}

export const proxyImages = check({
  name: "namespace/proxy-images",
  subject: namespaceKind,
  reads: [podKind, configMapKind, proxyConfigKind, meshConfigKind],
  rules: [proxyImageDiffers],
  run: (namespace, view, report) => {
    const revision = revisionOf(namespace)
    if (revision === undefined) return
    const injector = injectorFor(view, revision)
    const image = injector && proxyImageOf(injector)
    if (injector === undefined || image === undefined) return
    const { name } = namespace.metadata
    const differing = view.inNamespace(podKind, name).filter((pod) => {
      if ((pod.metadata.annotations?.["sidecar.istio.io/proxyImage"] ?? "") !== "") return false
      const running = text(proxyOf(record(pod["spec"]))?.container["image"])
      if (running === "" || running === image) return false
      const type = imageType(view, pod)
      return type === "" || running !== `${image}-${type}`
    })
    if (differing.length === 0) return
    report(proxyImageDiffers, {
      path: "metadata.name",
      message: `${differing.length} of its pods do not run ${image}: ${differing
        .slice(0, 3)
        .map((pod) => pod.metadata.name)
        .join(", ")}${differing.length > 3 ? ", …" : ""}`,
      references: differing.slice(0, 20).map((pod) => ({
        object: { kind: podKind, namespace: name, name: pod.metadata.name },
        path: list(record(pod["spec"])["containers"]).length > 0 ? "spec.containers" : "",
      })),
    })
  },
})
