import { type EdgeSample, edgeKey } from "#shared/telemetry/edge.ts"
import { type Ends, createReconciler, endsOf, makesRelation } from "../reconcile/reconcile.ts"
import type { Family } from "../reconcile/series.ts"
import { type Labels, endLabels, outcomeLabels } from "./block.ts"
import { grown } from "./hash-index.ts"

/** What one reporter tells of one relation: the sums of all its families, outcomes and buckets. */
type Group = { key: string; ends: Ends | undefined; sums: number[] }

/** What a series has beside its ends: one object for all that have the same. */
type Detail = { key: string; family: Family; labels: Labels; uses: number }

/** A label block that was read. Its groups, of TCP and of requests, are looked for when they are needed. */
export type Block = { labels: Labels; groups: Map<string, Group> }

/** Rates that any number of proxies add to, by numbers that are used again. */
export type Sums = {
  block(labels: Readonly<Labels>): Block
  /** The sum of a series, and one use of it. `bound` is the upper bound of a bucket. */
  use(block: Block, family: Family, bound?: string): number
  /** Ends a use; a sum without any is forgotten. */
  release(id: number): void
  clear(): void
  add(id: number, perSecond: number): void
  /** Each relation once, ordered by `edgeKey`. */
  edges(): EdgeSample[]
  /** Ends a time in which many labels came: what was kept to make them one is forgotten. */
  settle(): void
}

const pick = (labels: Readonly<Labels>, names: readonly string[]): Labels => {
  const picked: Labels = {}
  for (const name of names) if (labels[name] !== undefined) picked[name] = labels[name]
  return picked
}

export function createSums(): Sums {
  let perSecond = new Float64Array(64)
  let uses = new Int32Array(64)
  const details: (Detail | undefined)[] = []
  const groupOf: (Group | undefined)[] = []
  const free: number[] = []
  const groups = new Map<string, Group>()
  /** The groups of both reporters, and of clusters that only one of them knows. */
  const relations = new Map<string, Group[]>()
  const known = new Map<string, Detail>()
  const texts = new Map<string, string>()

  /** A copy of its own: a part of a longer text would keep all of it. */
  const intern = (text: string): string => {
    const same = texts.get(text)
    if (same !== undefined) return same
    const copy = Buffer.from(text).toString()
    texts.set(copy, copy)
    return copy
  }

  const detailOf = (family: Family, labels: Labels): Detail => {
    const key = `${family}${JSON.stringify(labels)}`
    const detail = known.get(key) ?? { key, family, labels, uses: 0 }
    known.set(key, detail)
    return detail
  }

  const groupFor = (labels: Readonly<Labels>, family: Family, isTcp: boolean): Group => {
    const own = pick(labels, endLabels)
    const key = `${isTcp}${JSON.stringify(own)}`
    const known = groups.get(key)
    if (known) return known
    const group: Group = { key, ends: endsOf({ family, labels: own }), sums: [] }
    groups.set(key, group)
    const relation = group.ends?.loose
    if (relation !== undefined) relations.set(relation, [...(relations.get(relation) ?? []), group])
    return group
  }

  const forget = (group: Group): void => {
    groups.delete(group.key)
    const relation = group.ends?.loose ?? ""
    const rest = relations.get(relation)?.filter((other) => other !== group) ?? []
    if (rest.length > 0) relations.set(relation, rest)
    else relations.delete(relation)
  }

  const labelsOf = (labels: Readonly<Labels>, family: Family, bound: string): Labels => {
    if (family === "duration") return { le: bound }
    // bytes are not told by outcome
    return pick(labels, family === "requests" ? outcomeLabels : outcomeLabels.slice(0, 1))
  }

  const make = (group: Group, detail: Detail): number => {
    const id = free.pop() ?? details.length
    perSecond = grown(perSecond, id + 1)
    uses = grown(uses, id + 1)
    perSecond[id] = 0
    uses[id] = 0
    details[id] = detail
    groupOf[id] = group
    detail.uses++
    group.sums.push(id)
    return id
  }

  /** One relation at a time: what it takes is gone before the next one. */
  const edgesOf = (told: readonly Group[]): EdgeSample[] => {
    const reconciler = createReconciler({ bounds: [] })
    const addThose = (isWanted: (family: Family) => boolean): void => {
      for (const { ends, sums } of told)
        for (const id of sums) {
          const detail = details[id]
          if (!ends || !detail || !isWanted(detail.family)) continue
          const rate = perSecond[id] ?? 0
          // the upper bounds of buckets that did not grow are the lower ones of those that did
          if (rate > 0 || detail.family === "duration")
            reconciler.add({ family: detail.family, labels: detail.labels, perSecond: rate }, ends)
        }
    }
    addThose(makesRelation)
    addThose((family) => !makesRelation(family))
    return reconciler.edges()
  }

  return {
    block: (labels) => {
      const own: Labels = {}
      for (const name in labels) own[name] = intern(labels[name] ?? "")
      return { labels: own, groups: new Map() }
    },
    use: (block, family, bound = "") => {
      const isTcp = family.startsWith("tcp")
      const kind = isTcp ? "tcp" : "requests"
      const group = block.groups.get(kind) ?? groupFor(block.labels, family, isTcp)
      block.groups.set(kind, group)
      const detail = detailOf(family, labelsOf(block.labels, family, bound))
      const id = group.sums.find((sum) => details[sum] === detail) ?? make(group, detail)
      uses[id] = (uses[id] ?? 0) + 1
      return id
    },
    release: (id) => {
      const left = (uses[id] = (uses[id] ?? 0) - 1)
      const [group, detail] = [groupOf[id], details[id]]
      if (left > 0 || !group || !detail) return
      group.sums.splice(group.sums.indexOf(id), 1)
      if (group.sums.length === 0) forget(group)
      if (--detail.uses === 0) known.delete(detail.key)
      groupOf[id] = details[id] = undefined
      free.push(id)
    },
    clear: () => void perSecond.fill(0),
    add: (id, rate) => {
      perSecond[id] = (perSecond[id] ?? 0) + rate
    },
    edges: () =>
      [...relations.values()]
        .flatMap(edgesOf)
        .map((edge) => ({ edge, key: edgeKey(edge) }))
        .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
        .map(({ edge }) => edge),
    settle: () => texts.clear(),
  }
}
