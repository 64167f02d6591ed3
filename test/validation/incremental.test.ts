import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type KubeObject, kindKeyOf, refOf } from "#shared/kube/object.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { type Finding, findingKey } from "#shared/validation/finding.ts"
import { families } from "#shared/validation/families.ts"
import { objectsOf } from "#shared/validation/testing.ts"
import { skipNote } from "#test/real/skip.ts"
import { corpusObjects, haveFixtures } from "./corpus-objects.ts"
import { allExamples } from "./examples.ts"

const identity = (object: KubeObject): string =>
  `${kindKeyOf(object)}/${object.metadata.namespace ?? ""}/${object.metadata.name}`

const fresh = (objects: Iterable<KubeObject>): readonly string[] => {
  const engine = new Engine({ families })
  for (const object of objects) engine.put("", object)
  return engine.findings().map((finding) => JSON.stringify(finding))
}

/** What a delta goes by: other references alone are no other finding. */
const said = (finding: Finding): string => `${findingKey(finding)} ${finding.message}`

/** After every change the findings must be those of an engine that never knew anything else. */
function follows(objects: readonly KubeObject[], picks: readonly number[]): void {
  const engine = new Engine({ families })
  const present = new Map<string, KubeObject>()
  let known = new Set<string>()
  for (const pick of picks) {
    const object = objects[pick % objects.length]
    if (object === undefined) continue
    const id = identity(object)
    if (present.get(id) === object) {
      present.delete(id)
      engine.remove("", refOf(object))
    } else {
      present.set(id, object)
      engine.put("", object)
    }
    const { added, removed } = engine.settle()
    for (const finding of removed) known.delete(said(finding))
    known = new Set([...known, ...added.map(said)])
  }
  const now = engine.findings().map((finding) => JSON.stringify(finding))
  const wanted = fresh(present.values())
  expect({
    old: now.filter((finding) => !wanted.includes(finding)),
    missing: wanted.filter((finding) => !now.includes(finding)),
  }).toEqual({ old: [], missing: [] })
  expect([...known].sort()).toEqual([...new Set(engine.findings().map(said))].sort())
}

describe("an engine with all rules that follows changes", () => {
  test("says what a fresh one says, over the rules' own examples", async () => {
    const examples = [...(await allExamples()).values()]
    const objects = examples.flatMap(({ fires, silent }) => [...objectsOf(fires), ...objectsOf(silent)])
    fc.assert(
      fc.property(fc.array(fc.nat(objects.length * 2), { minLength: 30, maxLength: 120 }), (picks) => {
        follows(objects, picks)
      }),
      { numRuns: 60 },
    )
  })

  const missing = haveFixtures
    ? null
    : "no fixtures; set SMM_FIXTURES to the folder of the acceptance corpora"
  test.skipIf(skipNote("changes over the acceptance corpora", missing))(
    "says what a fresh one says, over the acceptance corpora",
    () => {
      const objects = corpusObjects()
      fc.assert(
        fc.property(fc.array(fc.nat(objects.length * 2), { minLength: 60, maxLength: 200 }), (picks) => {
          follows(objects, picks)
        }),
        { numRuns: 40 },
      )
    },
  )
})
