import { type Ends, endsOf } from "../reconcile/reconcile.ts"
import type { Family, RateSeries } from "../reconcile/series.ts"
import { type Labels, endLabels, outcomeLabels } from "./block.ts"
import { grown } from "./hash-index.ts"

/** What one reporter tells of one relation: the sums of all its families, outcomes and buckets. */
type Group = { key: string; ends: Ends | undefined; sums: number[] }

/** The labels of a series beside its ends: one object for all that have the same. */
type Detail = { key: string; labels: Labels; uses: number }

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
  /** What grew, and every bucket: the upper bounds of those that did not are the lower ones of those that did. */
  each(isWanted: (family: Family) => boolean, visit: (series: RateSeries, ends: Ends) => void): void
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
  const uses: number[] = []
  const families: Family[] = []
  const details: (Detail | undefined)[] = []
  const groupOf: (Group | undefined)[] = []
  const free: number[] = []
  const groups = new Map<string, Group>()
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

  const detailOf = (labels: Labels): Detail => {
    const key = JSON.stringify(labels)
    const detail = known.get(key) ?? { key, labels, uses: 0 }
    known.set(key, detail)
    return detail
  }

  const makeGroup = (labels: Readonly<Labels>, family: Family, isTcp: boolean): Group => {
    const own = pick(labels, endLabels)
    const key = `${isTcp}${JSON.stringify(own)}`
    const group = groups.get(key) ?? { key, ends: endsOf({ family, labels: own }), sums: [] }
    groups.set(key, group)
    return group
  }

  const labelsOf = (labels: Readonly<Labels>, family: Family, bound: string): Labels => {
    if (family === "duration") return { le: bound }
    // bytes are not told by outcome
    return pick(labels, family === "requests" ? outcomeLabels : outcomeLabels.slice(0, 1))
  }

  const make = (group: Group, family: Family, detail: Detail): number => {
    const id = free.pop() ?? details.length
    perSecond = grown(perSecond, id + 1)
    perSecond[id] = 0
    uses[id] = 0
    families[id] = family
    details[id] = detail
    groupOf[id] = group
    detail.uses++
    group.sums.push(id)
    return id
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
      const group = block.groups.get(kind) ?? makeGroup(block.labels, family, isTcp)
      block.groups.set(kind, group)
      const detail = detailOf(labelsOf(block.labels, family, bound))
      const same = group.sums.find((id) => families[id] === family && details[id] === detail)
      const id = same ?? make(group, family, detail)
      uses[id] = (uses[id] ?? 0) + 1
      return id
    },
    release: (id) => {
      const left = (uses[id] = (uses[id] ?? 0) - 1)
      const [group, detail] = [groupOf[id], details[id]]
      if (left > 0 || !group || !detail) return
      group.sums.splice(group.sums.indexOf(id), 1)
      if (group.sums.length === 0) groups.delete(group.key)
      if (--detail.uses === 0) known.delete(detail.key)
      groupOf[id] = details[id] = undefined
      free.push(id)
    },
    clear: () => void perSecond.fill(0),
    add: (id, rate) => {
      perSecond[id] = (perSecond[id] ?? 0) + rate
    },
    each: (isWanted, visit) => {
      for (const { ends, sums } of groups.values()) {
        if (!ends) continue
        for (const id of sums) {
          const [family = "requests", rate = 0] = [families[id], perSecond[id]]
          if (!isWanted(family) || (rate === 0 && family !== "duration")) continue
          visit({ family, labels: details[id]?.labels ?? {}, perSecond: rate }, ends)
        }
      }
    },
    settle: () => texts.clear(),
  }
}
