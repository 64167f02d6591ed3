import type { z } from "zod"
import { type Json, list, record } from "../../topology/fact/read.ts"
import { isSame } from "../same.ts"

/**
 * One part of a form and the fields of a plain object that say it. Writing is only asked for another value than the one read, and leaves alone what the part does
 * not show: so that a form that is not changed changes nothing, however odd the spelling.
 */
export type Lens<T> = {
  /** undefined: not said, or in a way that the form cannot show. */
  read: (raw: Json) => T | undefined
  write: (raw: Json, value: T | undefined) => Json
  /** The object without what the part shows. */
  rest: (raw: Json) => Json
  /** What it reads has been held against the schema of its part. */
  fits?: true | undefined
}

export const without = (raw: Json, ...keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(raw).filter(([key]) => !keys.includes(key)))

/** The field with this value, where it stands or else as the last one; undefined takes it away. */
export const withField = (raw: Json, key: string, value: unknown): Json =>
  value === undefined ? without(raw, key) : { ...raw, [key]: value }

/** The value where it is one that the form may hold. */
export function fitting<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  if (value === undefined || value === null) return undefined
  const parsed = schema.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

/** A field that the form shows as it is written. */
export const plain = <T>(key: string, schema: z.ZodType<T>): Lens<T> => ({
  read: (raw) => fitting(schema, raw[key]),
  write: (raw, value) => withField(raw, key, value),
  rest: (raw) => (fitting(schema, raw[key]) === undefined ? raw : without(raw, key)),
  fits: true,
})

/** A part of a form that an object has no word for. */
export const unsaid = <T>(): Lens<T> => ({ read: () => undefined, write: (raw) => raw, rest: (raw) => raw })

/** A lens for each part of a form. */
export type Lenses<T> = { readonly [K in keyof T]-?: Lens<Exclude<T[K], undefined>> }

type Fields<T> = z.ZodType<T> & { shape: Readonly<Record<string, z.ZodType>> }

/** A part that only shows what the form may hold. */
function guarded<T>(lens: Lens<T>, schema: z.ZodType | undefined): Lens<T> {
  if (lens.fits) return lens
  const fits = (value: T | undefined): boolean =>
    value === undefined || (schema !== undefined && fitting(schema, value) !== undefined)
  return {
    read: (raw) => {
      const value = lens.read(raw)
      return fits(value) ? value : undefined
    },
    write: lens.write,
    rest: (raw) => (fits(lens.read(raw)) ? lens.rest(raw) : raw),
  }
}

/** All parts of a form that stand in one object; undefined when none is said, or the schema wants one that is not. */
export function parts<T extends object>(lenses: Lenses<T>, schema: Fields<T>): Lens<T> {
  type Part = [key: keyof T & string, lens: Lens<unknown>]
  const all = (Object.keys(lenses) as (keyof T & string)[]).map((key): Part => [
    key,
    guarded(lenses[key] as Lens<unknown>, schema.shape[key]),
  ])
  const required = all
    .map(([key]) => key)
    .filter((key) => schema.shape[key]?.safeParse(undefined).success !== true)
  const read = (raw: Json): T | undefined => {
    const said = all
      .map(([key, lens]) => [key, lens.read(raw)] as const)
      .filter(([, value]) => value !== undefined)
    if (said.length === 0 || required.some((key) => said.every(([own]) => own !== key))) return undefined
    return Object.fromEntries(said) as T
  }
  return {
    fits: true,
    read,
    write: (raw, value) =>
      all.reduce((written, [key, lens]) => {
        const wanted = value?.[key]
        return isSame(lens.read(written), wanted) ? written : lens.write(written, wanted)
      }, raw),
    rest: (raw) => (read(raw) === undefined ? raw : all.reduce((left, [, lens]) => lens.rest(left), raw)),
  }
}

/** Reads each object once: they are never changed, and a list asks again for every entry that it writes. */
export function remembering<T>(lens: Lens<T>): Lens<T> {
  const known = new WeakMap<Json, { value: T | undefined }>()
  return {
    ...lens,
    read: (raw) => {
      const found = known.get(raw) ?? { value: lens.read(raw) }
      known.set(raw, found)
      return found.value
    },
  }
}

/** A part of a form that has an object of its own; without it the object goes as a whole. */
export const within = <T>(key: string, inner: Lens<T>): Lens<T> => ({
  fits: inner.fits,
  read: (raw) => inner.read(record(raw[key])),
  write: (raw, value) =>
    withField(raw, key, value === undefined ? undefined : inner.write(record(raw[key]), value)),
  rest: (raw) => {
    if (inner.read(record(raw[key])) === undefined) return raw
    const left = inner.rest(record(raw[key]))
    return withField(raw, key, Object.keys(left).length === 0 ? undefined : left)
  },
})

/** One of several parts that share an object: the object goes with the last of them. */
export const inside = <T>(key: string, inner: Lens<T>): Lens<T> => {
  const withOwn = (raw: Json, own: Json): Json =>
    withField(raw, key, Object.keys(own).length === 0 ? undefined : own)
  return {
    fits: inner.fits,
    read: (raw) => inner.read(record(raw[key])),
    write: (raw, value) => withOwn(raw, inner.write(record(raw[key]), value)),
    rest: (raw) =>
      inner.read(record(raw[key])) === undefined ? raw : withOwn(raw, inner.rest(record(raw[key]))),
  }
}

export type Placed = { origin?: number | null | undefined }

const bare = <T extends object>({ origin: _, ...item }: T & Placed): object => item

/** The entry that an item was read from, with what the item says; the entry itself when it says the same. */
export function rewritten<T extends object>(inner: Lens<T>, entry: unknown, item: T): unknown {
  const wanted = bare(item) as T
  if (entry === undefined) return inner.write({}, wanted)
  const known = inner.read(record(entry))
  return isSame(known, wanted) ? entry : inner.write(record(entry), wanted)
}

/** What is left of a list when each entry is without what the form shows; null stands for one that is shown whole. */
export const restOf = (entries: readonly unknown[], rest: (entry: Json) => Json): (Json | null)[] =>
  entries.map((entry) => {
    const left = rest(record(entry))
    return Object.keys(left).length === 0 ? null : left
  })

/** A list whose items know the place they were read from (`origin`), so that what a form cannot show moves with them. An absent list reads as an empty one. */
export const placed = <T extends Placed>(key: string, inner: Lens<T>, none: T): Lens<T[]> => ({
  fits: inner.fits,
  read: (raw) => list(raw[key]).map((entry, origin) => ({ ...(inner.read(record(entry)) ?? none), origin })),
  write: (raw, items = []) => {
    const entries = list(raw[key])
    const written = items.map((item) =>
      rewritten(inner, typeof item.origin === "number" ? entries[item.origin] : undefined, item),
    )
    return withField(raw, key, written.length === 0 ? undefined : written)
  },
  rest: (raw) => {
    const left = restOf(list(raw[key]), inner.rest)
    return withField(raw, key, left.every((entry) => entry === null) ? undefined : left)
  },
})

/** A list whose items do not know where they were read from: found again by what they say, else by their place. */
export const unplaced = <T extends object>(key: string, inner: Lens<T>): Lens<T[]> => ({
  fits: inner.fits,
  read: (raw) => list(raw[key]).flatMap((entry) => inner.read(record(entry)) ?? []),
  write: (raw, items = []) => {
    const entries = list(raw[key])
    const shown = entries.map((entry) => inner.read(record(entry)))
    const origins = originsOf(shown, items)
    const hidden = entries.filter((_, at) => shown[at] === undefined)
    const written = items.map((item, at) => {
      const origin = origins[at]
      return rewritten(inner, origin === undefined ? undefined : entries[origin], item)
    })
    return withField(raw, key, written.length + hidden.length === 0 ? undefined : [...written, ...hidden])
  },
  rest: (raw) => {
    const left = restOf(list(raw[key]), (entry) =>
      inner.read(entry) === undefined ? entry : inner.rest(entry),
    )
    return withField(raw, key, left.every((entry) => entry === null) ? undefined : left)
  },
})

/** For each item the place of the entry it was: one that says the same, else the one at its own place if nobody else is that. */
export function originsOf<T>(shown: readonly (T | undefined)[], items: readonly T[]): (number | undefined)[] {
  const free = new Set(shown.keys().filter((at) => shown[at] !== undefined))
  const take = (at: number): number | undefined => (free.delete(at) ? at : undefined)
  const alike = items.map((item) => {
    const at = [...free].find((place) => isSame(shown[place], item))
    return at === undefined ? undefined : take(at)
  })
  return alike.map((origin, at) => origin ?? take(at))
}

/** A map of entries, each by a way to show it; entries that cannot be shown stay. An empty one reads as an absent one. */
export const mapped = <T>(
  key: string,
  entry: { read: (raw: unknown) => T | undefined; write: (value: T) => unknown },
): Lens<Record<string, T>> => {
  const shownOf = (raw: Json): [string, T][] =>
    Object.entries(record(raw[key])).flatMap(([name, value]): [string, T][] => {
      const shown = entry.read(value)
      return shown === undefined ? [] : [[name, shown]]
    })
  return {
    read: (raw) => {
      const shown = shownOf(raw)
      return shown.length === 0 ? undefined : Object.fromEntries(shown)
    },
    write: (raw, value = {}) => {
      const before = record(raw[key])
      const shown = new Map(shownOf(raw))
      const kept = Object.entries(before).flatMap(([name, written]): [string, unknown][] => {
        const [known, wanted] = [shown.get(name), value[name]]
        if (wanted === undefined) return known === undefined ? [[name, written]] : []
        return [[name, isSame(known, wanted) ? written : entry.write(wanted)]]
      })
      const added = Object.entries(value)
        .filter(([name]) => !Object.hasOwn(before, name))
        .map(([name, wanted]): [string, unknown] => [name, entry.write(wanted)])
      const all = [...kept, ...added]
      return withField(raw, key, all.length === 0 ? undefined : Object.fromEntries(all))
    },
    rest: (raw) => {
      const left = Object.entries(record(raw[key])).filter(([, value]) => entry.read(value) === undefined)
      return withField(raw, key, left.length === 0 ? undefined : Object.fromEntries(left))
    },
  }
}
