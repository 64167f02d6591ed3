import type { HealthState } from "#shared/topology/document.ts"
import { type QueryChange, listOf, oneOf } from "../url/query.ts"

export const groupings = ["cluster", "namespace", "app", "flat"] as const
export type Grouping = (typeof groupings)[number]
export const labelNames = [
  "rate",
  "share",
  "errors",
  "p50",
  "p95",
  "p99",
  "throughput",
  "mtls",
  "protocol",
  "flags",
] as const
export type LabelName = (typeof labelNames)[number]
export const protocols = ["http", "grpc", "tcp"] as const
export type Protocol = (typeof protocols)[number]
export const healthStates: readonly HealthState[] = ["failing", "degraded", "watch", "ok", "idle", "unknown"]
export const details = ["auto", "namespaces", "all"] as const
export type Detail = (typeof details)[number]

/** What the reader asks of the topology: the whole of it is the address. */
export type Question = {
  group: Grouping
  view: "service" | "workload"
  /** auto: namespaces collapse above 150 visible nodes. */
  detail: Detail
  /** At most two, in this order. */
  labels: readonly LabelName[]
  /** Empty: all. */
  protocols: readonly Protocol[]
  health: readonly HealthState[]
  /** Nodes without traffic too. */
  idle: boolean
  find: string
  hide: string
  /** Boxes opened or collapsed by hand, by id. */
  open: readonly string[]
  shut: readonly string[]
  /** Ids of nodes, collapsed boxes or edges. */
  select: readonly string[]
  /** Only these and their neighbours. */
  isolate: readonly string[]
  /** Nodes hidden by hand. */
  without: readonly string[]
}

const usualLabels: readonly LabelName[] = ["rate", "errors"]

const known = <Word extends string>(words: readonly string[], all: readonly Word[]): Word[] =>
  all.filter((word) => words.includes(word))

export function readQuestion(search: string): Question {
  const labels = listOf(search, "labels")
  const text = (key: string): string => new URLSearchParams(search).get(key) ?? ""
  const group = oneOf(search, "group", groupings)
  return {
    group,
    view: group === "app" ? "workload" : oneOf(search, "view", ["service", "workload"]),
    detail: oneOf(search, "nodes", details),
    labels:
      labels.length === 0 ? usualLabels : labelNames.filter((name) => labels.includes(name)).slice(0, 2),
    protocols: known(listOf(search, "protocol"), protocols),
    health: known(listOf(search, "health"), healthStates),
    idle: text("idle") === "shown",
    find: text("find"),
    hide: text("hide"),
    open: listOf(search, "open"),
    shut: listOf(search, "shut"),
    select: listOf(search, "select"),
    isolate: listOf(search, "only"),
    without: listOf(search, "without"),
  }
}

/** The labels of the address after one is chosen or dropped: the last two chosen stay; none is a choice too. */
export function toggledLabels(now: readonly LabelName[], name: LabelName): QueryChange {
  const next = now.includes(name) ? now.filter((other) => other !== name) : [...now, name].slice(-2)
  const usual = next.length === 2 && usualLabels.every((label) => next.includes(label))
  return { labels: usual ? undefined : next.length === 0 ? "none" : next }
}

const toggled = (list: readonly string[], item: string): string[] =>
  list.includes(item) ? list.filter((other) => other !== item) : [...list, item]

/** Opens or collapses a box, from what it is now. */
export function toggledBox(question: Question, id: string, collapsed: boolean): QueryChange {
  const { open, shut } = question
  return collapsed
    ? { open: shut.includes(id) ? open : [...open, id], shut: shut.filter((other) => other !== id) }
    : { shut: open.includes(id) ? shut : [...shut, id], open: open.filter((other) => other !== id) }
}

export { toggled }
