import { parseAllDocuments } from "yaml"
import { defaultSettings } from "../istio/mesh.ts"
import type { KubeObject } from "../kube/object.ts"
import { type Family, meshConfigKind, meshNetworksKind } from "./check.ts"
import type { KindState } from "./engine/cluster.ts"
import { Engine } from "./engine/engine.ts"
import { families as all } from "./families.ts"
import type { Finding } from "./finding.ts"

/** For tests of rules: reads YAML into a strict engine. */

export type Input = {
  families?: readonly Family[]
  /** YAML of MeshConfig and MeshNetworks. */
  meshConfig?: string
  meshNetworks?: string
  /** YAML of other clusters of the mesh, by name. */
  clusters?: Readonly<Record<string, string>>
  states?: Readonly<Record<string, KindState["state"]>>
  domain?: string
  /** Milliseconds since 1970. */
  now?: number
}

const isObject = (value: unknown): value is KubeObject =>
  value !== null && typeof value === "object" && "kind" in value

/** The objects of a text of several documents; `List`s are opened. @throws Error when it is not YAML */
export const objectsOf = (yaml: string): KubeObject[] =>
  parseAllDocuments(yaml)
    .map((document): unknown => {
      const [error] = document.errors
      if (error) throw error
      return document.toJS()
    })
    .filter(isObject)
    .flatMap((object) => (object.kind === "List" ? ((object["items"] ?? []) as KubeObject[]) : [object]))

const document = (kind: string, name: string, yaml: string): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace: "istio-system" },
  spec: parseAllDocuments(yaml)[0]?.toJS() as unknown,
})

/** The name of the cluster that `yaml` is of. */
export const here = ""

/** A strict engine that holds the objects. */
export function engineOf(yaml: string | readonly string[], input: Input = {}): Engine {
  const engine = new Engine({
    families: input.families ?? all,
    strict: true,
    ...(input.domain === undefined ? {} : { settings: { ...defaultSettings, domain: input.domain } }),
    ...(input.now === undefined ? {} : { now: input.now }),
  })
  if (input.meshConfig !== undefined) engine.put(here, document(meshConfigKind, "istio", input.meshConfig))
  if (input.meshNetworks !== undefined)
    engine.put(here, document(meshNetworksKind, "meshnetworks", input.meshNetworks))
  for (const text of typeof yaml === "string" ? [yaml] : yaml)
    for (const object of objectsOf(text)) engine.put(here, object)
  for (const [name, text] of Object.entries(input.clusters ?? {}))
    for (const object of objectsOf(text)) engine.put(name, object)
  for (const [kind, state] of Object.entries(input.states ?? {}))
    engine.setState(here, kind, { state, reason: `may not list ${kind}` })
  return engine
}

/** All findings over the objects of one YAML text (or several). */
export const validateYaml = (yaml: string | readonly string[], input: Input = {}): readonly Finding[] =>
  engineOf(yaml, input).findings()
