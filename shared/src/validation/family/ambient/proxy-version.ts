import type { KubeObject } from "../../../kube/object.ts"
import { refOf } from "../../../kube/object.ts"
import { list, record, text } from "../../../topology/fact/read.ts"
import { type View, check, derived } from "../../check.ts"
import type { Level } from "../../finding.ts"
import { labelsOf } from "./dataplane.ts"
import { proxyBehind } from "./rules.ts"

const deployment = "Deployment.apps"

type Version = { major: number; minor: number; patch: number; text: string }

/** The version in an image's tag (`istio/proxyv2:1.27.1-distroless`); undefined for a digest or a tag of another form. */
export function versionOf(image: string): Version | undefined {
  const tag = image
    .slice(image.lastIndexOf("/") + 1)
    .split("@")[0]
    ?.split(":")[1]
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(tag ?? "") ?? []
  if (major === undefined || minor === undefined) return undefined
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch ?? 0),
    text: `${major}.${minor}.${patch ?? "0"}`,
  }
}

/** Versions of the control planes of a cluster, by revision. */
const controlPlanes = derived<ReadonlyMap<string, Version>>({
  name: "ambient/control-planes",
  compute: (view) => {
    const found = new Map<string, Version>()
    for (const object of view.inNamespace(deployment, view.istioNamespace)) {
      if (labelsOf(object)["app"] !== "istiod") continue
      const containers = list(record(record(record(object["spec"])["template"])["spec"])["containers"])
      const discovery =
        containers.map(record).find(({ name }) => name === "discovery") ?? record(containers[0])
      const version = versionOf(text(discovery["image"]))
      if (version !== undefined) found.set(labelsOf(object)["istio.io/rev"] ?? "default", version)
    }
    return found
  },
})

function proxyOf(pod: KubeObject): Version | undefined {
  const spec = record(pod["spec"])
  for (const containers of [spec["containers"], spec["initContainers"]])
    for (const item of list(containers)) {
      const container = record(item)
      if (container["name"] === "istio-proxy") return versionOf(text(container["image"]))
    }
  return undefined
}

const annotated = /"revision"\s*:\s*"([^"]*)"/

/** The revision that made a pod's proxy: as the injector noted it, else as labels say. A tag or an unknown one counts as the only plane there is. */
function planeOf(planes: ReadonlyMap<string, Version>, pod: KubeObject, view: View): Version | undefined {
  const status = pod.metadata.annotations?.["sidecar.istio.io/status"]
  const revision =
    (status === undefined ? undefined : annotated.exec(status)?.[1]) ??
    labelsOf(pod)["istio.io/rev"] ??
    labelsOf(view.get("Namespace", "", pod.metadata.namespace ?? ""))["istio.io/rev"] ??
    "default"
  const known = planes.get(revision)
  if (known !== undefined) return known
  const [only, second] = planes.values()
  return second === undefined ? only : undefined
}

type Skew = { pod: KubeObject; proxy: Version; plane: Version }

const isSame = (a: Version, b: Version): boolean =>
  a.major === b.major && a.minor === b.minor && a.patch === b.patch

/** One minor version behind is still supported; ahead never is. Source: istio.io, "Supported releases". */
function levelOf({ proxy, plane }: Skew): Level {
  if (proxy.major !== plane.major) return "warning"
  const behind = plane.minor - proxy.minor
  return behind > 1 || behind < 0 ? "warning" : "info"
}

export const proxyVersions = check({
  name: "ambient/proxy_versions",
  subject: "Namespace",
  reads: ["Namespace", "Pod", deployment],
  needs: ["Pod", deployment],
  rules: [proxyBehind],
  run: (namespace, view, report) => {
    const planes = view.derive(controlPlanes, "")
    if (planes.size === 0) return
    const skewed: Skew[] = []
    for (const pod of view.inNamespace("Pod", namespace.metadata.name)) {
      const proxy = proxyOf(pod)
      if (proxy === undefined) continue
      const plane = planeOf(planes, pod, view)
      if (plane !== undefined && !isSame(proxy, plane)) skewed.push({ pod, proxy, plane })
    }
    const [first] = skewed
    if (first === undefined) return
    const versions = [...new Set(skewed.map(({ proxy }) => proxy.text))].sort()
    const wanted = [...new Set(skewed.map(({ plane }) => plane.text))].sort()
    report(proxyBehind, {
      path: "",
      level: skewed.some((skew) => levelOf(skew) === "warning") ? "warning" : "info",
      message: `${skewed.length === 1 ? "1 proxy is" : `${skewed.length} proxies are`} of ${versions.join(", ")}, the control plane of ${wanted.join(", ")}`,
      references: skewed.slice(0, 8).map(({ pod }) => ({ object: refOf(pod), path: "" })),
    })
  },
})
