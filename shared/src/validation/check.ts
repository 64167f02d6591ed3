import type { Lookup } from "../incremental/table.ts"
import type { Mesh, MeshSettings } from "../istio/mesh.ts"
import type { KubeObject, ObjectRef } from "../kube/object.ts"
import type { Fix, Level, Reference } from "./finding.ts"
import type { Rule } from "./rule.ts"

/** The kind of the pseudo-objects that carry MeshConfig and MeshNetworks (`spec` is the document). */
export const meshConfigKind = "MeshConfig"
export const meshNetworksKind = "MeshNetworks"

/** A way to find objects of a kind: by any string that can be read off an object. Built when first asked for, kept up to date afterwards. */
export type Index = {
  name: string
  kind: string
  keysOf: (object: KubeObject, settings: MeshSettings) => readonly string[]
}
export const index = (definition: Index): Index => definition

/** A value that several evaluations need (the merged routes of one host at one gateway): computed once, forgotten when something it read changes. */
export type Derived<T> = { name: string; compute: (view: View, key: string) => T }
export const derived = <T>(definition: Derived<T>): Derived<T> => definition

/**
 * What a check may look at, in one cluster. Every look is recorded: the check runs again when what it looked at changes, and a look at a kind
 * that it does not declare throws in tests. Lists are in a fixed order (namespace, name), whatever order objects came in.
 */
export type View = {
  cluster: string
  settings: MeshSettings
  /** Milliseconds since 1970; undefined: nobody has said. A check that looks is run again when the time is set. */
  now: () => number | undefined
  /** Where istiod runs. */
  istioNamespace: string
  /** The routing and security model of this cluster (shared/src/istio); its reads are recorded just the same. */
  mesh: Mesh
  get: (kind: string, namespace: string, name: string) => KubeObject | undefined
  inNamespace: (kind: string, namespace: string) => readonly KubeObject[]
  /** Only for kinds that are few, whatever the size of the mesh (GatewayClass, webhooks, MeshConfig): a read of all is a dependency on all. */
  all: (kind: string) => readonly KubeObject[]
  find: (index: Index, key: string) => readonly KubeObject[]
  derive: <T>(derived: Derived<T>, key: string) => T
  /** The same of the other clusters of the mesh, by name. */
  others: readonly View[]
}

export type Details = {
  path: string
  message: string
  /** Where it differs from the rule's. */
  level?: Level
  references?: readonly (Omit<Reference, "cluster"> & { cluster?: string })[]
  fix?: Fix
  /** Another object than the subject to lay it at; seldom. */
  at?: ObjectRef
}

export type Report = (rule: Rule, details: Details) => void

/**
 * A unit of evaluation: looks at one object of a kind and reports what is wrong. Pure; reads only the subject and the view; quick when nothing is
 * wrong (it runs for every object of every mesh: no copies, no regular expression where a comparison does, texts only when reporting).
 */
export type Check = {
  /** Unique, `virtualservice/destinations`. */
  name: string
  /** The kind (KindKey) whose objects it runs for. */
  subject: string
  /** Kinds it may look at, beside the subject itself; its own kind too where it looks at others of it. One that may not be read, or is stale, makes the check "not evaluated". */
  reads: readonly string[]
  /** Those of `reads` without which an answer would be a guess: one that is not even installed, or not among the files given, makes it "not evaluated" too. */
  needs?: readonly string[]
  /** All that it may report. */
  rules: readonly Rule[]
  /** Gets the object as it was given, and not as other checks may rely on it (labels and annotations that are maps of texts). */
  raw?: true
  run: (object: KubeObject, view: View, report: Report) => void
}
export const check = (definition: Check): Check => definition

/** Several rules with their checks, as a family exports them. */
export type Family = { rules: readonly Rule[]; checks: readonly Check[] }

/** All kinds that rules look at, as subjects or further. */
export const kindsRead = (families: readonly Family[]): string[] =>
  [
    ...new Set(families.flatMap(({ checks }) => checks.flatMap(({ subject, reads }) => [subject, ...reads]))),
  ].sort()

/** Only the checks that look at one object alone: what can be asked without the rest of the mesh. */
export const alone = (families: readonly Family[]): Family[] =>
  families.map(({ rules, checks }) => ({ rules, checks: checks.filter(({ reads }) => reads.length === 0) }))

/** The rules of families, by code. */
export const rulesOf = (families: readonly Family[]): ReadonlyMap<string, Rule> =>
  new Map(families.flatMap(({ rules }) => rules).map((rule) => [rule.code, rule]))

/** An example of a rule: YAML that makes it fire, and a near miss that must not. Kept out of the engine's bundle. */
export type Example = {
  code: string
  fires: string
  silent: string
  meshConfig?: string
  meshNetworks?: string
  /** YAML of other clusters of the mesh, by name; for both. */
  clusters?: Readonly<Record<string, string>>
  /** Milliseconds since 1970, for both. */
  now?: number
  note?: string
}

export type { Lookup }
