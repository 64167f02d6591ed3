import type { ObjectRef } from "../kube/object.ts"
import { type Json, list, record, stringMap, text } from "../topology/fact/read.ts"
import { patternsFor } from "./host-index.ts"
import type { DestinationRule, Labels } from "./mesh.ts"

/** Destination rules of one host and namespace that istiod made one of. */
export type Joined = {
  namespace: string
  exportTo: ReadonlySet<string>
  /** Of the clients it is for; undefined: all. */
  selector: Labels | undefined
  /** What it was made of, the first that counts first. */
  objects: readonly ObjectRef[]
  subsets: readonly { name: string; labels: Labels; policy: Json }[]
  policy: Json | undefined
}

type Pool = ReadonlyMap<string, readonly Joined[]>

/** The rules of a namespace by host: for clients of the namespace itself, for others, and for a client in the root namespace. */
export type Pools = { local: Pool; exported: Pool; rootLocal: Pool }

const selectorOf = ({ spec }: DestinationRule): Labels | undefined =>
  spec["workloadSelector"] === undefined || spec["workloadSelector"] === null
    ? undefined
    : stringMap(record(spec["workloadSelector"])["matchLabels"])

function joinedOf(rule: DestinationRule): Joined {
  const { spec } = rule
  const selector = selectorOf(rule)
  return {
    namespace: rule.namespace,
    exportTo: new Set(selector === undefined ? rule.exportTo : ["."]),
    selector,
    objects: [rule.object],
    subsets: list(spec["subsets"]).map((entry) => {
      const subset = record(entry)
      return {
        name: text(subset["name"]),
        labels: stringMap(subset["labels"]),
        policy: record(subset["trafficPolicy"]),
      }
    }),
    policy:
      spec["trafficPolicy"] === undefined || spec["trafficPolicy"] === null
        ? undefined
        : record(spec["trafficPolicy"]),
  }
}

const equalSets = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && a.isSubsetOf(b)

const equalLabels = (a: Labels = {}, b: Labels = {}): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((label) => a[label] === b[label])
}

/** Subsets of both, the first of a name counts, and the first traffic policy. */
const merged = (first: Joined, second: Joined): Joined => ({
  ...first,
  objects: [...first.objects, ...second.objects],
  subsets: [
    ...first.subsets,
    ...second.subsets.filter(({ name }) => first.subsets.every((own) => own.name !== name)),
  ],
  policy: first.policy ?? second.policy,
})

/** Joins a rule to those of its host, where visibility and selectors allow it, or stands beside them. Source: pilot `mergeDestinationRule`. */
function join(known: readonly Joined[], rule: Joined): Joined[] {
  let beside = true
  const joined = known.map((own) => {
    const same = equalSets(rule.exportTo, own.exportTo)
    beside = !same
    if (!same && !(own.exportTo.size > 0 && own.exportTo.isSubsetOf(rule.exportTo))) return own
    const selecting = rule.selector !== undefined && own.selector !== undefined
    const alike = equalLabels(rule.selector, own.selector)
    if (selecting && !alike) {
      beside = true
      return own
    }
    if ((rule.selector === undefined && own.selector === undefined) || selecting) beside = false
    return merged(own, rule)
  })
  return beside ? [...joined, rule] : joined
}

function put(pool: Map<string, readonly Joined[]>, host: string, rule: Joined): void {
  const known = pool.get(host)
  pool.set(host, known === undefined ? [rule] : join(known, rule))
}

/** Source: pilot `setDestinationRules`. */
function poolsOf(rules: readonly DestinationRule[]): Pools {
  const local = new Map<string, readonly Joined[]>()
  const exported = new Map<string, readonly Joined[]>()
  const rootLocal = new Map<string, readonly Joined[]>()
  const selecting = rules.filter((rule) => selectorOf(rule) !== undefined)
  for (const written of [...selecting, ...rules.filter((rule) => selectorOf(rule) === undefined)]) {
    const rule = joinedOf(written)
    const { exportTo, namespace } = rule
    const own = exportTo.has(".") || exportTo.has(namespace)
    if (exportTo.size === 0 || exportTo.has("*") || own) put(local, written.host, rule)
    if (exportTo.size === 1 && own) put(rootLocal, written.host, rule)
    else put(exported, written.host, rule)
  }
  return { local, exported, rootLocal }
}

/** Lists of the model are replaced, never changed, when something joins or leaves them; so what was made of one stays true of it. */
const pools = new WeakMap<readonly DestinationRule[], Pools>()

/** The rules of a namespace, oldest first, as istiod joins them. */
export function poolsIn(rules: readonly DestinationRule[] | undefined): Pools | undefined {
  if (rules === undefined) return undefined
  const known = pools.get(rules)
  if (known !== undefined) return known
  const fresh = poolsOf(rules)
  pools.set(rules, fresh)
  return fresh
}

/** Those of the closest host; not those of hosts that are less close. Source: pilot `MostSpecificHostMatch`. */
export function closest(pool: Pool | undefined, host: string): readonly Joined[] {
  if (pool === undefined || pool.size === 0) return []
  for (const pattern of patternsFor(host)) {
    const found = pool.get(pattern)
    if (found !== undefined) return found
  }
  return []
}
