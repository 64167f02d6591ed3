import { describe, expect, test } from "vitest"
import type { Example } from "#shared/validation/check.ts"
import { effectOf } from "#shared/edit/patch.ts"
import { families } from "#shared/validation/families.ts"
import { findingKey, levels } from "#shared/validation/finding.ts"
import { engineOf, here, objectsOf } from "#shared/validation/testing.ts"
import { allExamples } from "./examples.ts"

const examples = await allExamples()
const rules = families.flatMap((family) => family.rules)
const checks = families.flatMap((family) => family.checks)

const inputOf = ({ meshConfig, meshNetworks, clusters, now }: Example) => ({
  ...(meshConfig === undefined ? {} : { meshConfig }),
  ...(meshNetworks === undefined ? {} : { meshNetworks }),
  ...(clusters === undefined ? {} : { clusters }),
  ...(now === undefined ? {} : { now }),
})

describe("the table of rules", () => {
  test("has each code once, in our own form", () => {
    const codes = rules.map(({ code }) => code)
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([])
    expect(codes.filter((code) => !/^[a-z]+(_[a-z]+)*\.[a-z0-9]+(_[a-z0-9]+)*$/.test(code))).toEqual([])
  })

  test("names anchors' codes as aliases, and texts for people without a full stop", () => {
    for (const { code, aliases, level, title, effect, remedy } of rules) {
      expect([code, aliases.filter((alias) => !/^(IST\d{4}|KIA\d{4}|GWAPI)$/.test(alias))]).toEqual([
        code,
        [],
      ])
      expect(levels).toContain(level)
      for (const text of [title, effect, remedy])
        expect([code, text]).toEqual([code, expect.stringMatching(/[^.]$/)])
    }
  })

  test("has a check for every rule, and lists every rule of every check", () => {
    const reported = new Set(checks.flatMap((check) => check.rules.map(({ code }) => code)))
    expect(rules.map(({ code }) => code).filter((code) => !reported.has(code))).toEqual([])
    const listed = new Set(rules.map(({ code }) => code))
    expect([...reported].filter((code) => !listed.has(code))).toEqual([])
    const names = checks.map(({ name }) => name)
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  test("has an example of every rule", () => {
    expect(rules.map(({ code }) => code).filter((code) => !examples.has(code))).toEqual([])
  })
})

describe.each(rules.flatMap((rule) => (examples.has(rule.code) ? [rule] : [])))("$code", ({ code }) => {
  const example = examples.get(code) as Example
  // Of its own family: what structure says at the same place takes the place of what says it again.
  const own = families.filter((family) => family.rules.some((rule) => rule.code === code))

  test("fires on its example, and keeps silent at the near miss", () => {
    const fires = engineOf(example.fires, { ...inputOf(example), families: own }).findings()
    expect(fires.map((finding) => finding.code)).toContain(code)
    const silent = engineOf(example.silent, { ...inputOf(example), families: own }).findings()
    expect(silent.filter((finding) => finding.code === code)).toEqual([])
  })

  test("says the same in the same order, whatever order objects come in", () => {
    const reversed = engineOf([], inputOf(example))
    for (const object of objectsOf(example.fires).reverse()) reversed.put(here, object)
    expect(JSON.stringify(reversed.findings())).toBe(
      JSON.stringify(engineOf(example.fires, inputOf(example)).findings()),
    )
  })

  test("gives fixes that apply, remove the finding and add no other", () => {
    const engine = engineOf(example.fires, inputOf(example))
    for (const finding of engine.findings()) {
      if (finding.code !== code || finding.fix === null) continue
      const effect = effectOf(finding.fix.edits, (ref) => engine.object(here, ref))
      expect([finding.fix.title, effect]).not.toEqual([finding.fix.title, undefined])
      const delta = engine.delta([{ cluster: here, ...effect }])
      expect(delta.added.map((added) => `${added.code} ${added.message}`)).toEqual([])
      expect(delta.removed.map(findingKey)).toContain(findingKey(finding))
    }
  })
})
