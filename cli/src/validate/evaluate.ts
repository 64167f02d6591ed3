import type { SourceObject } from "#shared/document/read.ts"
import { defaultGateways } from "#shared/document/default-gateways.ts"
import { podsOfTemplates } from "#shared/document/template-pods.ts"
import { defaultSettings } from "#shared/istio/mesh.ts"
import { type KubeObject, type ObjectRef, kindKeyOf, refOf } from "#shared/kube/object.ts"
import { list, record, text } from "#shared/topology/fact/read.ts"
import { type Family, alone, rulesOf } from "#shared/validation/check.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import type { Finding, Reference } from "#shared/validation/finding.ts"
import type { Rule } from "#shared/validation/rule.ts"
import { suppress } from "#shared/validation/suppression.ts"
import { type ClusterInput, type Input, refKey } from "./input.ts"
import type { ValidateOptions } from "./options.ts"
import { type At, type Located, type Result, type Seen, kindName, mostReferences } from "./result.ts"

/** Groups of which no object among the files means that there is none: the mesh's configuration is kept in files together, what it is for often elsewhere. */
const isComplete = (kind: string): boolean =>
  kind.endsWith(".istio.io") || kind.endsWith(".gateway.networking.k8s.io")

/** Objects of one cluster in the engine, and those that are made up: pods of their workload's template, Istio's own gateway of nothing. */
type Loaded = { sources: Map<string, SourceObject>; madeUp: Map<string, SourceObject | null> }

const workloadKey = (kind: string, { metadata }: KubeObject): string =>
  `${kind}\n${metadata.namespace ?? ""}\n${metadata.name}`

function load(
  engine: Engine,
  families: readonly Family[],
  { name, objects }: ClusterInput,
  istioNamespace: string,
): Loaded {
  const sources = new Map<string, SourceObject>()
  const madeUp: Loaded["madeUp"] = new Map()
  const kinds = new Set<string>()
  const byWorkload = new Map<string, SourceObject>()
  const plain = objects.map(({ object }) => object)
  for (const source of objects) {
    const { object } = source
    engine.put(name, object)
    kinds.add(kindKeyOf(object))
    sources.set(refKey(refOf(object)), source)
    if (record(object["spec"])["template"] !== undefined || object.kind === "CronJob")
      byWorkload.set(workloadKey(object.kind, object), source)
  }
  for (const pod of podsOfTemplates(plain)) {
    const key = refKey(refOf(pod))
    const workload = byWorkload.get(workloadKey(ownerKind(pod), pod))
    if (madeUp.has(key) || !workload) continue
    madeUp.set(key, workload)
    kinds.add("Pod")
    engine.put(name, pod)
  }
  for (const object of defaultGateways(plain, istioNamespace)) {
    madeUp.set(refKey(refOf(object)), null)
    engine.put(name, object)
  }
  setStates(engine, name, families, kinds)
  return { sources, madeUp }
}

const ownerKind = (pod: KubeObject): string => text(record(list(pod.metadata["ownerReferences"])[0])["kind"])

/** A kind of which the files hold nothing is not known to be empty: a rule that cannot do without it is not evaluated. */
function setStates(
  engine: Engine,
  cluster: string,
  families: readonly Family[],
  kinds: ReadonlySet<string>,
): void {
  const asked = new Set(families.flatMap(({ checks }) => checks.flatMap(({ reads }) => reads)))
  for (const kind of asked)
    if (!kinds.has(kind) && !isComplete(kind))
      engine.setState(cluster, kind, { state: "absent", reason: `no ${kindName(kind)} among the files` })
}

const unknownRule = (finding: Finding): Located["rule"] => ({
  aliases: [],
  level: finding.level,
  title: finding.code,
  effect: "",
  remedy: "",
})

/** Asks all rules about the files. Pure but for the time of suppressions. */
export function evaluate(
  input: Input,
  options: ValidateOptions,
  context: { families: readonly Family[]; nowMs: number },
): Omit<Result, "elapsedMs"> {
  const families = options.schemaOnly ? alone(context.families) : context.families
  const rules: ReadonlyMap<string, Rule> = rulesOf(families)
  const engine = new Engine({
    families,
    settings: {
      ...defaultSettings,
      ...(options.rootNamespace === undefined ? {} : { rootNamespace: options.rootNamespace }),
      ...(options.clusterDomain === undefined ? {} : { domain: options.clusterDomain }),
    },
    istioNamespace: options.istioNamespace,
    now: context.nowMs,
  })
  const loaded = new Map<string, Loaded>()
  for (const cluster of input.clusters)
    loaded.set(cluster.name, load(engine, families, cluster, options.istioNamespace))

  const sourceOf = (cluster: string, key: string): SourceObject | undefined =>
    loaded.get(cluster)?.sources.get(key)
  const placeOf = (source: SourceObject | undefined, path: string): At => {
    if (!source) return null
    const { line, column } = source.place(path)
    return { file: source.file, line, column }
  }
  /** A pod that is made up is its workload to people. */
  const referenceOf = (reference: Reference): Located["references"][number] => {
    const key = refKey(reference.object)
    const own = sourceOf(reference.cluster, key)
    const workload = own ? undefined : loaded.get(reference.cluster)?.madeUp.get(key)
    if (!workload) return { reference, at: placeOf(own, reference.path) }
    const path = reference.path === "" ? "" : `spec.template.${reference.path}`
    return { reference: { ...reference, object: refOf(workload.object), path }, at: placeOf(workload, path) }
  }
  const located = (finding: Finding): Located => {
    const source = sourceOf(finding.cluster, refKey(finding.object))
    return {
      finding,
      rule: rules.get(finding.code) ?? unknownRule(finding),
      apiVersion: source?.object.apiVersion ?? "",
      at: placeOf(source, finding.path),
      references: finding.references.slice(0, mostReferences).map(referenceOf),
      suppression: null,
    }
  }
  const madeUpAt = (cluster: string, object: ObjectRef): SourceObject | null | undefined =>
    loaded.get(cluster)?.madeUp.get(refKey(object))
  // Nothing is said of what is made up, nor for its sake: what Istio's own gateway is really like is not known.
  const real = engine
    .findings()
    .filter(
      ({ cluster, object, references }) =>
        madeUpAt(cluster, object) === undefined &&
        !references.some((reference) => madeUpAt(reference.cluster, reference.object) === null),
    )
  const { findings, suppressed } = suppress(real, {
    objectOf: ({ cluster, object }) => sourceOf(cluster, refKey(object))?.object,
    rules,
    wishes: options.suppressions,
    nowMs: context.nowMs,
  })
  return {
    findings: findings.map(located),
    suppressed: suppressed.map(({ finding, suppression }) => ({ ...located(finding), suppression })),
    removed: null,
    notEvaluated: engine.notEvaluated(),
    problems: input.problems,
    skipped: input.skipped,
    seen: seenOf(input),
    objects: input.clusters.reduce((sum, { objects }) => sum + objects.length, 0),
    files: input.files,
    failOn: options.failOn,
  }
}

const seenOf = ({ clusters }: Input): Seen[] =>
  clusters.flatMap(({ name, objects }) =>
    objects.map(({ object, file }) => ({ cluster: name, ...refOf(object), file })),
  )
