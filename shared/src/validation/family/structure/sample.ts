import fc from "fast-check"
import type { Schema } from "./schema.ts"

/** For tests: objects of a schema, mostly as they should be, and what is left when something in them breaks. */

const words = [
  "",
  "a",
  "b",
  "a-b",
  "A",
  "*",
  "*.a.b",
  "a.b",
  "Service",
  "1s",
  "500ms",
  "http",
  "/a",
  "a/b",
  "x y",
  "é",
  "TCP",
]
const numbers = [
  -1, 0, 1, 1.5, 99, 100, 101, 400, 599, 65_535, 65_536, 2_147_483_647, 2_147_483_648, 4_294_967_296,
]

function textOf(schema: Schema & { type: "text" }): fc.Arbitrary<string> {
  if (schema.values !== null) return fc.constantFrom(...schema.values)
  const fitting = words.filter(
    (word) =>
      word.length >= schema.min && word.length <= schema.max && (schema.form?.pattern.test(word) ?? true),
  )
  return fc.constantFrom(...(fitting.length > 0 ? fitting : ["a"]))
}

/** Values of a schema; deep ones get sparse. */
export function sampleOf(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case "text":
      return textOf(schema)
    case "number":
      if (schema.values !== null) return fc.constantFrom(...schema.values)
      return fc.constantFrom(
        ...numbers.filter(
          (one) => one >= schema.min && one <= schema.max && (!schema.whole || Number.isInteger(one)),
        ),
      )
    case "boolean":
      return fc.boolean()
    case "any":
      return fc.jsonValue({ maxDepth: 2 })
    case "list":
      return fc.array(sampleOf(schema.items, depth + 1), {
        minLength: schema.min,
        maxLength: Math.max(schema.min, depth > 6 ? 1 : 3),
      })
    case "map":
      return fc.dictionary(fc.constantFrom("a", "b", "80", "c.d/e"), sampleOf(schema.values, depth + 1), {
        minKeys: schema.min,
        maxKeys: 2,
      })
    case "object":
      return fc.record(
        Object.fromEntries([...schema.fields].map(([name, field]) => [name, sampleOf(field, depth + 1)])),
        { requiredKeys: [...schema.required] },
      )
  }
}

type Place = { parent: Record<string, unknown> | unknown[]; key: string | number }

function placesOf(value: unknown, places: Place[] = []): Place[] {
  if (value === null || typeof value !== "object") return places
  for (const key of Object.keys(value)) {
    const parent = value as Place["parent"]
    places.push({ parent, key: Array.isArray(parent) ? Number(key) : key })
    placesOf((value as Record<string, unknown>)[key], places)
  }
  return places
}

const junk: readonly unknown[] = [
  null,
  "",
  "no such value",
  "x".repeat(5_000),
  "-a-",
  -1,
  0,
  1.5,
  70_000,
  2 ** 40,
  true,
  [],
  {},
  [null],
  { noSuchField: 1 },
  Array.from({ length: 70 }, (_, index) => ({ name: `n${index}` })),
  Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, "v"])),
]

/** The value with something changed in one place: replaced, renamed, taken out, doubled. The given one stays as it is. */
export function mutated(value: unknown, random: Iterator<number>): unknown {
  const copy = structuredClone(value)
  const pick = (below: number): number => Number(random.next().value ?? 0) % below
  const places = placesOf(copy)
  const place = places[pick(places.length || 1)]
  if (place === undefined) return junk[pick(junk.length)]
  const { parent, key } = place
  const action = pick(4)
  if (Array.isArray(parent)) {
    const index = Number(key)
    if (action === 0) parent.splice(index, 1)
    else if (action === 1) parent.push(structuredClone(parent[index]))
    else parent[index] = junk[pick(junk.length)]
  } else if (action === 0) Reflect.deleteProperty(parent, key)
  else if (action === 1) parent[`${String(key)}x`] = parent[key]
  else parent[key] = junk[pick(junk.length)]
  return copy
}
