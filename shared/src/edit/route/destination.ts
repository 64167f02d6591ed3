import { type Json, list, number, record, text } from "../../topology/fact/read.ts"
import { Destination } from "../form.ts"
import { isSame } from "../same.ts"
import { type Lens, fitting, originsOf, within, withField, without } from "./lens.ts"
import { type Scope, isOwnHost, spelledHost } from "./scope.ts"

const portOf = (raw: Json): number | undefined => number(record(raw["port"])["number"]) || undefined

function write(scope: Scope, raw: Json, { host, subset, port }: Destination): Json {
  const before = read(scope, raw)
  const named =
    raw["host"] !== undefined && before?.host === host
      ? raw
      : withField(raw, "host", host ?? spelledHost(scope))
  const versioned = before?.subset === subset ? named : withField(named, "subset", subset)
  if (before !== undefined && before.port === port) return versioned
  return withField(
    versioned,
    "port",
    port === undefined ? undefined : { ...record(versioned["port"]), number: port },
  )
}

function read(scope: Scope, raw: Json): Destination | undefined {
  const host = text(raw["host"])
  if (host === "") return undefined
  return fitting(Destination, {
    ...(isOwnHost(host, scope) ? {} : { host }),
    ...(text(raw["subset"]) === "" ? {} : { subset: raw["subset"] }),
    ...(portOf(raw) === undefined ? {} : { port: portOf(raw) }),
  })
}

/** A VirtualService's destination, in an object of its own. */
export const destinationLens = (scope: Scope): Lens<Destination> => ({
  read: (raw) => read(scope, raw),
  write: (raw, value) => (value === undefined ? {} : write(scope, raw, value)),
  rest: (raw) => {
    const { number: _, ...port } = record(raw["port"])
    return without(raw, "host", "subset", ...(Object.keys(port).length === 0 ? ["port"] : []))
  },
})

/** Shares in whole percent that sum to 100, by the largest remainders. */
export function sharesOf(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0 || total === 100) return [...weights]
  const exact = weights.map((weight) => (weight * 100) / total)
  const whole = exact.map(Math.floor)
  const missing = 100 - whole.reduce((sum, weight) => sum + weight, 0)
  const byRemainder = [...exact.keys()].sort(
    (a, b) => (exact[b] ?? 0) - (whole[b] ?? 0) - ((exact[a] ?? 0) - (whole[a] ?? 0)) || a - b,
  )
  for (const at of byRemainder.slice(0, missing)) whole[at] = (whole[at] ?? 0) + 1
  return whole
}

type Weighted = { destination: Destination; weight?: number | undefined }
type Placed = Weighted & { origin?: number | null | undefined }

const isWeight = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0

/** How weights are written where an entry has none, and of one alone. */
export type Weights = {
  absent: number
  /** What the form shows for the only entry. */
  alone: (raw: Json) => number | undefined
}

/** Of a VirtualService: as it is written. */
export const plainWeights: Weights = {
  absent: 0,
  alone: ({ weight }) => (isWeight(weight) && weight <= 100 ? weight : undefined),
}

/** Of the Gateway API, whose server writes a 1 where nothing is said: only that it gets nothing is told. */
export const defaultedWeights: Weights = {
  absent: 1,
  alone: ({ weight }) => (weight === 0 ? 0 : undefined),
}

function shownWeights(entries: readonly Json[], { absent, alone }: Weights): (number | undefined)[] {
  const [only] = entries
  if (only !== undefined && entries.length === 1) return [alone(only)]
  const written = entries.map((entry) => (isWeight(entry["weight"]) ? entry["weight"] : undefined))
  const counted = written.map((weight) => weight ?? absent)
  const total = counted.reduce((sum, weight) => sum + weight, 0)
  return total === 100 || total === 0 ? written : sharesOf(counted)
}

/** Destinations with their weights: `key` holds the list, `inner` reads where an entry goes. */
export function destinationsLens(key: string, inner: Lens<Destination>, weights: Weights): Lens<Placed[]> {
  const read = (raw: Json): Placed[] => {
    const entries = list(raw[key]).map(record)
    const shown = shownWeights(entries, weights)
    return entries.flatMap((entry, origin): Placed[] => {
      const destination = inner.read(entry)
      if (destination === undefined) return []
      const weight = shown[origin]
      return [{ origin, destination, ...(weight === undefined ? {} : { weight }) }]
    })
  }
  const shares = (items: readonly Placed[]): unknown =>
    items.map(({ origin = null, weight = null }) => ({ origin, weight }))
  return {
    read,
    write: (raw, items = []) => {
      const entries = list(raw[key]).map(record)
      const before = read(raw)
      const sameShares = isSame(shares(before), shares(items))
      const written = items.map((item) => {
        const entry = typeof item.origin === "number" ? (entries[item.origin] ?? {}) : {}
        const known = before.find(({ origin }) => origin === item.origin)
        const placed = isSame(known?.destination, item.destination)
          ? entry
          : inner.write(entry, item.destination)
        return sameShares || isSame(placed["weight"], item.weight)
          ? placed
          : withField(placed, "weight", item.weight)
      })
      const hidden = entries.filter((entry) => inner.read(entry) === undefined)
      const all = [...written, ...hidden]
      return withField(raw, key, all.length === 0 ? undefined : all)
    },
    rest: (raw) => {
      const left = list(raw[key]).map((entry) => {
        const own = record(entry)
        if (inner.read(own) === undefined) return entry
        const rest = without(inner.rest(own), "weight")
        return Object.keys(rest).length === 0 ? null : rest
      })
      return withField(raw, key, left.every((entry) => entry === null) ? undefined : left)
    },
  }
}

/** The destinations of a VirtualService's route: `{ destination, weight, headers }`. */
export const routeLens = (scope: Scope): Lens<Placed[]> =>
  destinationsLens("route", within("destination", destinationLens(scope)), plainWeights)

/** The same without places, of tcp and tls routes, whose form has none: found again by what they say, else by their place. */
export const l4RouteLens = (scope: Scope): Lens<Weighted[]> => {
  const inner = routeLens(scope)
  const bare = ({ origin: _, ...item }: Placed): Weighted => item
  return {
    read: (raw) => inner.read(raw)?.map(bare) ?? [],
    write: (raw, items = []) => {
      const known = inner.read(raw) ?? []
      const wanted = items.map(({ destination }) => destination)
      const origins = originsOf(
        known.map(({ destination }) => destination),
        wanted,
      )
      return inner.write(
        raw,
        items.map((item, at) => {
          const origin = origins[at]
          return { ...item, origin: origin === undefined ? null : (known[origin]?.origin ?? null) }
        }),
      )
    },
    rest: inner.rest,
  }
}
