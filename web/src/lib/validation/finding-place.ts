import type { FindingItem } from "#shared/api/validation.ts"
import type { Level } from "#shared/validation/finding.ts"

type Ref = { kind: string; namespace: string; name: string }

/** `VirtualService.networking.istio.io` -> `VirtualService`. */
export const kindName = (kind: string): string => {
  const dot = kind.indexOf(".")
  return dot < 0 ? kind : kind.slice(0, dot)
}

/** `bookinfo/reviews`; the name alone for what belongs to the cluster. */
export const placeName = ({ namespace, name }: Pick<Ref, "namespace" | "name">): string =>
  namespace === "" ? name : `${namespace}/${name}`

/** Words that no field or object is called by. */
const begins = /^(a|an|the|no|not|it|its|this|there|two|three|both|only|all|may|port|nothing|nobody) /

/** A message as a sentence begins; a name that stands first keeps its letters. */
export const sentence = (text: string): string =>
  begins.test(text) ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}` : text

export const objectKeyOf = (cluster: string, { kind, namespace, name }: Ref): string =>
  `${cluster}/${kind}/${namespace}/${name}`

/** The object of a key; no part of one holds a slash. Undefined for anything else. */
export function objectOfKey(key: string): (Ref & { cluster: string }) | undefined {
  const [cluster = "", kind = "", namespace, name, ...more] = key.split("/")
  if (cluster === "" || kind === "" || namespace === undefined || !name || more.length > 0) return undefined
  return { cluster, kind, namespace, name }
}

const keys = new WeakMap<FindingItem, string>()

/** Where a finding stands, the same while it is found: its object's key, its code and its path. */
export function keyOf(finding: FindingItem): string {
  let key = keys.get(finding)
  if (key === undefined) {
    key = `${objectKeyOf(finding.cluster, finding.object)}/${finding.code}/${finding.path}`
    keys.set(finding, key)
  }
  return key
}

const rank: Record<Level, number> = { error: 0, warning: 1, info: 2 }
export const worse = (a: Level, b: Level): number => rank[a] - rank[b]

/** Findings of one object, and the worst level among them. */
export type Counted = { worst: Level; items: FindingItem[] }

export function worstByObject(findings: readonly FindingItem[]): Map<string, Counted> {
  const objects = new Map<string, Counted>()
  for (const finding of findings) {
    const key = objectKeyOf(finding.cluster, finding.object)
    const known = objects.get(key)
    if (known === undefined) objects.set(key, { worst: finding.level, items: [finding] })
    else {
      known.items.push(finding)
      if (worse(finding.level, known.worst) < 0) known.worst = finding.level
    }
  }
  return objects
}

/** The page of validation with a finding, or an object, open. */
export const findingPath = (finding: FindingItem): string =>
  `/validation?finding=${encodeURIComponent(keyOf(finding))}`
export const objectPath = (cluster: string, ref: Ref): string =>
  `/validation?object=${encodeURIComponent(objectKeyOf(cluster, ref))}`
