import { basename, dirname, join, normalize } from "node:path"
import { readValues } from "#shared/document/read.ts"
import { groupOf } from "#shared/kube/object.ts"
import { list, record, text } from "#shared/topology/fact/read.ts"
import type { Source } from "./files.ts"

/** A file that is of another tool and holds no object of a cluster. A patch would stand in for the object that it changes. */
export type Skipped = { file: string; why: "chart" | "kustomization" | "patch" | "other" }

const kustomizations = new Set(["kustomization.yaml", "kustomization.yml", "Kustomization"])
const chartFile = /^Chart\.ya?ml$/

export const isChart = (file: string): boolean => chartFile.test(basename(file))

const isKustomization = (file: string, value: Record<string, unknown>): boolean =>
  kustomizations.has(basename(file)) || groupOf(text(value["apiVersion"])) === "kustomize.config.k8s.io"

/** Groups of objects that a cluster holds; a document of another one without metadata configures a tool: kind, skaffold, kubeadm. */
const ofCluster = (group: string): boolean =>
  !group.includes(".") ||
  group.endsWith(".istio.io") ||
  group === "gateway.networking.k8s.io" ||
  /^(?:apps|batch|autoscaling|policy|apiextensions|admissionregistration|rbac|networking|storage|discovery)\b/.test(
    group,
  )

const tools = /^(?:kind\.x-k8s|kubeadm\.k8s|k3d|skaffold|kustomize\.config|ctlptl|tilt)/

/** Nothing that anybody would take for an object, however much of it is missing. */
function isOther(value: unknown): boolean {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return true
  const { apiVersion, kind, metadata, spec } = record(value)
  if (apiVersion === undefined && kind === undefined) return metadata === undefined && spec === undefined
  if (typeof apiVersion !== "string" || metadata !== undefined) return false
  const group = groupOf(apiVersion)
  return tools.test(apiVersion) || (kind === "Config" && group === "") || (group !== "" && !ofCluster(group))
}

/** Why a file is left out; undefined for one that is to be validated. What was named by itself is left out for its own name or kind only. */
export function skipOf({ name, text: content, isFound }: Source): Skipped["why"] | undefined {
  if (isChart(name)) return "chart"
  if (isFound && name.toLowerCase().endsWith(".json") && !content.includes('"apiVersion"')) return "other"
  const { values, problems } = readValues(content, name)
  if (values.length === 0 || problems.some(({ level }) => level === "error")) return undefined
  if (values.every(({ value }) => isKustomization(name, record(value)))) return "kustomization"
  return isFound && values.every(({ value }) => isOther(value)) ? "other" : undefined
}

/** Files that a kustomization takes for patches and for the data of ConfigMaps, as they are named from where it was read. */
export function partsOf({ name, text: content }: Source): string[] {
  const folder = dirname(name)
  return readValues(content, name).values.flatMap(({ value }) => {
    const kustomization = record(value)
    const patches = ["patches", "patchesJson6902"].flatMap((field) =>
      list(kustomization[field]).map((patch) => text(record(patch)["path"])),
    )
    const merged = list(kustomization["patchesStrategicMerge"]).map(text)
    const generated = ["configMapGenerator", "secretGenerator"].flatMap((field) =>
      list(kustomization[field]).flatMap((each) =>
        list(record(each)["files"]).map((file) => text(file).replace(/^[^=]*=/, "")),
      ),
    )
    return [...patches, ...merged, ...generated]
      .filter((path) => path !== "" && !path.includes("\n"))
      .map((path) => normalize(join(folder, path)))
  })
}

const few = 3

/** What a person must know of files that were left out: a line for each tool's folder, one for all others. */
export function skipNotes(skipped: readonly Skipped[]): string[] {
  const notes: string[] = []
  for (const { file, why } of skipped) {
    const folder = dirname(file)
    if (why === "chart")
      notes.push(`${file}: a Helm chart; render it: helm template ${folder} | smm validate -f -`)
    if (why === "kustomization")
      notes.push(
        `${file}: its files are validated as they are; for what it makes: kustomize build ${folder} | smm validate -f -`,
      )
  }
  const charts = skipped.filter(({ why }) => why === "chart").map(({ file }) => join(dirname(file), "/"))
  const others = skipped
    .filter(({ file, why }) => why === "other" && !charts.some((chart) => file.startsWith(chart)))
    .map(({ file }) => file)
  if (others.length > 0) {
    const more = others.length > few ? ` and ${others.length - few} more` : ""
    const hold = others.length === 1 ? "1 file holds" : `${others.length} files hold`
    notes.push(`${hold} no Kubernetes object: ${others.slice(0, few).join(", ")}${more}`)
  }
  return notes
}
