import { type Place, type Problem, type SourceObject, readValues } from "#shared/document/read.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { type Json, record, text } from "#shared/topology/fact/read.ts"
import { meshConfigKind, meshNetworksKind } from "#shared/validation/check.ts"

/** A pseudo-object (validation/check.ts) and where it was read. */
export type MeshDocument = { source: SourceObject; problems: readonly Problem[] }

const fields = {
  [meshConfigKind]: { name: "istio", field: "mesh" },
  [meshNetworksKind]: { name: "meshnetworks", field: "meshNetworks" },
} as const
export type MeshKind = keyof typeof fields

const specPath = /^spec\.?/

function sourceOf(
  kind: MeshKind,
  namespace: string,
  spec: Json,
  origin: Omit<SourceObject, "object">,
): SourceObject {
  const object: KubeObject = {
    apiVersion: "v1",
    kind,
    metadata: { name: fields[kind].name, namespace },
    spec,
  }
  return { ...origin, object, place: (path) => origin.place(path.replace(specPath, "")) }
}

/** The document inside of a ConfigMap's field: its places are those of the ConfigMap, lines on. */
function embedded(kind: MeshKind, namespace: string, map: SourceObject): MeshDocument | undefined {
  const path = `data.${fields[kind].field}`
  const written = text(record(map.object["data"])[fields[kind].field])
  const { values, problems } = readValues(written, map.file)
  const [first] = values
  const head = (): Place => map.place(path)
  const moved = (line: number): number => head().line + line
  if (written === "") return undefined
  const source = sourceOf(kind, namespace, record(first?.value), {
    file: map.file,
    document: map.document,
    place: (inner) => {
      const place = first?.place(inner)
      return place === undefined ? head() : { ...head(), line: moved(place.line) }
    },
  })
  return { source, problems: problems.map((problem) => ({ ...problem, line: moved(problem.line) })) }
}

/** MeshConfig or MeshNetworks out of Istio's own ConfigMap among the objects; that of the default revision before others. */
export function meshDocumentAmong(
  objects: readonly SourceObject[],
  kind: MeshKind,
  istioNamespace: string,
): MeshDocument | undefined {
  const maps = objects.filter(
    ({ object }) =>
      object.kind === "ConfigMap" &&
      object.apiVersion === "v1" &&
      (object.metadata.namespace ?? "") === istioNamespace &&
      /^istio(?:-|$)/.test(object.metadata.name),
  )
  const ordered = maps.sort((a, b) => a.object.metadata.name.length - b.object.metadata.name.length)
  for (const map of ordered) {
    const found = embedded(kind, istioNamespace, map)
    if (found) return found
  }
  return undefined
}

/** The file of `--mesh-config` or `--mesh-networks`: the plain document, Istio's ConfigMap, or an IstioOperator that holds it. */
export function meshDocumentOf(
  file: { name: string; text: string },
  kind: MeshKind,
  istioNamespace: string,
): MeshDocument {
  const { values, problems } = readValues(file.text, file.name)
  const origin = { file: file.name, document: 1 }
  for (const { value, place } of values) {
    const document = record(value)
    if (document["kind"] === "ConfigMap") {
      const map = { ...origin, object: document as KubeObject, place }
      const found = embedded(kind, istioNamespace, map)
      if (found) return { source: found.source, problems: [...problems, ...found.problems] }
    }
    if (document["kind"] === "IstioOperator" && kind === meshConfigKind) {
      const at = (path: string): Place => place(path === "" ? "spec.meshConfig" : `spec.meshConfig.${path}`)
      const spec = record(record(document["spec"])["meshConfig"])
      return { source: sourceOf(kind, istioNamespace, spec, { ...origin, place: at }), problems }
    }
  }
  const [first] = values
  const place = first?.place ?? ((): Place => ({ line: 1, column: 1, start: 0, end: 0 }))
  return { source: sourceOf(kind, istioNamespace, record(first?.value), { ...origin, place }), problems }
}
