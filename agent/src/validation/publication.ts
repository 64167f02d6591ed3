import type { KubeObject, ObjectRef } from "#shared/kube/object.ts"
import { type Finding, byPlace, levels } from "#shared/validation/finding.ts"
import { findingKind, findingObject } from "#shared/validation/finding-object.ts"
import type { Rule } from "#shared/validation/rule.ts"
import { suppressionOf } from "#shared/validation/suppression.ts"
import { type Cache, seenKey } from "../cluster/cache.ts"
import type { IsEnough } from "./slices.ts"

/** More of a code than this help nobody, and would crowd out the rest of the inventory: one bad object can be wrong for all of a mesh. */
export const mostOfCode = 1_000

/** Said in place of those that are kept back. */
const withheldCode = "engine.withheld"

/** What is found at one object. */
type Place = {
  object: ObjectRef
  /** As the checks said it; the same may be said by two. */
  said: Set<Finding>
  /** In their one order, each once. */
  findings: readonly Finding[]
  /** Names under which they are in the cache. */
  shown: readonly string[]
}

/** How many of a code are found at each object, and how many of them are shown where that is not all. */
type OfCode = { total: number; counts: Map<string, number>; quota: ReadonlyMap<string, number> | undefined }

export type Publication = {
  /** What was said and taken back. */
  move(moves: { gone: readonly Finding[]; came: readonly Finding[] }): void
  /** An object changed: its annotations may ask for silence. */
  touch(object: ObjectRef): void
  /** Brings the cache to what was said, until it is enough; false while something is left. Nothing is to be moved before it is done. */
  publish(isEnough: IsEnough): boolean
  /** How many are in the cache. */
  readonly shown: number
}

const idOf = ({ kind, namespace, name }: ObjectRef): string => `${kind}\n${namespace}\n${name}`

function sortedOnce(said: Iterable<Finding>): readonly Finding[] {
  const sorted = [...said].sort(byPlace)
  return sorted.filter((finding, at) => {
    const before = sorted[at - 1]
    return before === undefined || byPlace(before, finding) !== 0
  })
}

function countsOf(findings: readonly Finding[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { code } of findings) counts.set(code, (counts.get(code) ?? 0) + 1)
  return counts
}

/** The first so many in the order of objects: which are shown does not depend on which came first. */
function quotaOf({ total, counts }: OfCode, most: number): ReadonlyMap<string, number> | undefined {
  if (total <= most) return undefined
  let left = most
  const quota = new Map<string, number>()
  for (const id of [...counts.keys()].sort()) {
    if (left === 0) break
    const share = Math.min(left, counts.get(id) ?? 0)
    quota.set(id, share)
    left -= share
  }
  return quota
}

/**
 * Keeps the findings among the objects of the cache, changing only what is about objects of which something was said or taken back: with ten thousand
 * findings a comparison of all would cost more than the validation of a change.
 */
export function createPublication(options: {
  cache: Cache
  rules: ReadonlyMap<string, Rule>
  most?: number
}): Publication {
  const { cache, rules, most = mostOfCode } = options
  const places = new Map<string, Place>()
  const codes = new Map<string, OfCode>()
  const touched = new Set<string>()
  /** Codes of which another number is found. */
  const recounted = new Set<string>()
  /** Names of those that stand for what is kept back, by code. */
  const withheld = new Map<string, string>()
  /** Whose name in the cache it is: hashes of two places may be equal. */
  const owners = new Map<string, string>()
  let running: Iterator<void> | undefined

  function placeOf(object: ObjectRef): Place {
    const id = idOf(object)
    touched.add(id)
    const known = places.get(id)
    if (known !== undefined) return known
    const place: Place = { object, said: new Set(), findings: [], shown: [] }
    places.set(id, place)
    return place
  }

  function count(code: string, id: string, number: number): void {
    const known = codes.get(code)
    const ofCode = known ?? { total: 0, counts: new Map<string, number>(), quota: undefined }
    if (known === undefined) codes.set(code, ofCode)
    ofCode.total += number - (ofCode.counts.get(id) ?? 0)
    if (number === 0) ofCode.counts.delete(id)
    else ofCode.counts.set(id, number)
    recounted.add(code)
  }

  function sort(id: string, place: Place): void {
    const before = countsOf(place.findings)
    place.findings = sortedOnce(place.said)
    const after = countsOf(place.findings)
    for (const code of new Set([...before.keys(), ...after.keys()]))
      if (before.get(code) !== after.get(code)) count(code, id, after.get(code) ?? 0)
  }

  /** Shares out what may be shown of a code; objects that get another share are shown anew. */
  function share(ofCode: OfCode): void {
    const before = ofCode.quota
    ofCode.quota = quotaOf(ofCode, most)
    if (before === undefined && ofCode.quota === undefined) return
    for (const id of ofCode.counts.keys())
      if (before === undefined || ofCode.quota === undefined || before.get(id) !== ofCode.quota.get(id))
        touched.add(id)
  }

  function put(id: string, objectOf: (same: number) => KubeObject): string {
    let same = 0
    let object = objectOf(same)
    const keyOf = (): string => seenKey(object.metadata.namespace ?? "", object.metadata.name)
    for (let owner = owners.get(keyOf()); owner !== undefined && owner !== id; owner = owners.get(keyOf()))
      object = objectOf(++same)
    owners.set(keyOf(), id)
    cache.put(findingKind, object)
    return object.metadata.name
  }

  function drop(namespace: string, name: string): void {
    owners.delete(seenKey(namespace, name))
    cache.remove(findingKind, namespace, name)
  }

  function* show(id: string, place: Place): Generator<void> {
    const object = cache.get(place.object)
    const shares = new Map<string, number>()
    const sames = new Map<string, number>()
    const names = new Set<string>()
    const next = (counts: Map<string, number>, of: string): number => {
      const count = counts.get(of) ?? 0
      counts.set(of, count + 1)
      return count
    }
    for (const finding of place.findings) {
      const quota = codes.get(finding.code)?.quota
      if (next(shares, finding.code) >= (quota === undefined ? Infinity : (quota.get(id) ?? 0))) continue
      const suppression = object === undefined ? null : suppressionOf(object, finding, rules)
      const from = next(sames, `${finding.code}\n${finding.path}`)
      names.add(put(id, (same) => findingObject(finding, suppression, from + same)))
      yield
    }
    for (const name of place.shown) if (!names.has(name)) drop(place.object.namespace, name)
    place.shown = [...names]
    if (place.said.size === 0) places.delete(id)
  }

  /** One finding in place of all that are kept back of a code. */
  function tell(code: string, { total, counts, quota }: OfCode): void {
    if (total === 0) codes.delete(code)
    const object: ObjectRef = { kind: findingKind, namespace: "", name: code }
    const id = idOf(object)
    const before = withheld.get(code)
    if (quota === undefined) {
      withheld.delete(code)
      if (before !== undefined) drop("", before)
      return
    }
    const worst = [...counts.keys()].flatMap((at) => places.get(at)?.findings ?? [])
    const finding: Finding = {
      code: withheldCode,
      level: levels.find((level) => worst.some((one) => one.code === code && one.level === level)) ?? "info",
      message: `${total - most} more findings of ${code} are not listed: ${most} of ${total} are`,
      cluster: "",
      object,
      path: "",
      references: [],
      fix: null,
    }
    withheld.set(
      code,
      put(id, (same) => findingObject(finding, null, same)),
    )
  }

  function* publishAll(): Generator<void> {
    for (const id of touched) {
      const place = places.get(id)
      if (place !== undefined) sort(id, place)
    }
    for (const code of recounted) {
      const ofCode = codes.get(code)
      if (ofCode !== undefined) share(ofCode)
    }
    yield
    for (const id of touched) {
      touched.delete(id)
      const place = places.get(id)
      if (place !== undefined) yield* show(id, place)
    }
    for (const code of recounted) {
      recounted.delete(code)
      const ofCode = codes.get(code)
      if (ofCode !== undefined) tell(code, ofCode)
      yield
    }
  }

  return {
    move({ gone, came }) {
      for (const finding of gone) {
        const place = places.get(idOf(finding.object))
        if (place?.said.delete(finding) === true) touched.add(idOf(finding.object))
      }
      for (const finding of came) placeOf(finding.object).said.add(finding)
    },
    touch(object) {
      const id = idOf(object)
      if (places.has(id)) touched.add(id)
    },
    publish(isEnough) {
      running ??= publishAll()
      while (running.next().done !== true) if (isEnough()) return false
      running = undefined
      return true
    },
    get shown() {
      return owners.size
    },
  }
}
