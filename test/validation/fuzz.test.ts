import { describe, expect, test } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { families } from "#shared/validation/families.ts"
import { skipNote } from "#test/real/skip.ts"
import { corpusObjects, haveFixtures } from "./corpus-objects.ts"

/** How many mutated objects; the whole of the acceptance's 100,000 with SMM_FUZZ=100000. */
const total = Number(process.env["SMM_FUZZ"] ?? 6_000)
const perMesh = 300

/** Mulberry32: the same numbers from the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const strange: unknown[] = [
  null,
  "",
  "*",
  "a".repeat(5_000),
  "*.*.",
  "../..",
  "__proto__",
  "constructor",
  "(a+)+$",
  "([",
  "\u0000",
  "-1",
  "1e999",
  0,
  -1,
  2 ** 53,
  1.5,
  true,
  false,
  [],
  {},
  [null],
  [[]],
  { "": "" },
  { constructor: "x", __proto__x: 1 },
  { matchLabels: null },
]

type Parent = Record<string, unknown> | unknown[]

const isParent = (value: unknown): value is Parent => value !== null && typeof value === "object"

/** Places of an object, as its parent and the key. */
function placesOf(value: unknown, places: [Parent, string][] = []): [Parent, string][] {
  if (!isParent(value)) return places
  for (const key of Object.keys(value)) {
    places.push([value, key])
    placesOf((value as Record<string, unknown>)[key], places)
  }
  return places
}

/** Changes one to four places: another value, none, one from elsewhere, or the same twice. */
function mutated(object: KubeObject, chance: () => number): KubeObject {
  const copy = structuredClone(object)
  const head: Parent[] = [copy as unknown as Parent]
  for (let left = 1 + Math.floor(chance() * 4); left > 0; left--) {
    const places = placesOf(copy).filter(([parent, key]) => !head.includes(parent) || key === "spec")
    const place = places[Math.floor(chance() * places.length)]
    const other = places[Math.floor(chance() * places.length)]
    if (place === undefined || other === undefined) break
    const [parent, key] = place as [Record<string, unknown>, string]
    const how = chance()
    if (how < 0.5) parent[key] = structuredClone(strange[Math.floor(chance() * strange.length)])
    // JSON has no holes.
    else if (how < 0.7 && Array.isArray(parent)) parent.splice(Number(key), 1)
    else if (how < 0.7) Reflect.deleteProperty(parent, key)
    else if (how < 0.9) parent[key] = structuredClone((other[0] as Record<string, unknown>)[other[1]])
    else if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]))
  }
  return copy
}

const findingsOf = (objects: readonly KubeObject[]): string[] => {
  const engine = new Engine({ families })
  for (const object of objects) engine.put("fuzz", object)
  return engine.findings().map((finding) => JSON.stringify(finding))
}

const skips = skipNote(
  "fuzz of the rules",
  haveFixtures ? null : "no fixtures; set SMM_FIXTURES to the folder of the acceptance corpora",
)

describe.skipIf(skips)(`of ${total} mutated objects`, () => {
  const all = haveFixtures ? corpusObjects() : []
  const batches = Array.from({ length: Math.ceil(total / perMesh) }, (_, batch) => batch)

  test.each(batches)("batch %i: nothing throws, and the order of input decides nothing", (batch) => {
    const chance = random(batch + 1)
    const byName = new Map<string, KubeObject>()
    while (byName.size < perMesh) {
      const object = all[Math.floor(chance() * all.length)]
      if (object === undefined) break
      const copy = mutated(object, chance)
      const { name, namespace } = copy.metadata ?? {}
      byName.set(
        `${copy.apiVersion}/${copy.kind}/${String(namespace)}/${String(name)}/${byName.size % 3}`,
        copy,
      )
    }
    const objects = [...new Map([...byName.values()].map((object) => [identity(object), object])).values()]
    const found = findingsOf(objects)
    expect(found.filter((finding) => finding.includes("engine.fault"))).toEqual([])
    const reversed = new Set(findingsOf([...objects].reverse()))
    expect(found.filter((finding) => !reversed.has(finding))).toEqual([])
    expect(reversed.size).toBe(found.length)
  })
})

/** What the engine holds apart: of two objects of one name the later one counts, and that is no matter of order here. */
const identity = ({ apiVersion, kind, metadata }: KubeObject): string =>
  JSON.stringify([
    apiVersion.split("/")[0],
    kind,
    typeof metadata?.namespace === "string" ? metadata.namespace : "",
    metadata?.name,
  ])
