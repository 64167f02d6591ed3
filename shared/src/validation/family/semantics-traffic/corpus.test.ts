import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { type KubeObject, kindKeyOf } from "../../../kube/object.ts"
import type { Family } from "../../check.ts"
import type { Deviation } from "../../deviation.ts"
import { Engine } from "../../engine/engine.ts"
import type { Finding } from "../../finding.ts"
import { here, objectsOf } from "../../testing.ts"
import { services } from "../services/family.ts"
import { deviations } from "./deviations.ts"
import { semanticsTraffic } from "./family.ts"

type Row = {
  file: string
  line: number
  name: string
  kind: string
  apiVersion: string
  spec: unknown
  metadata?: Record<string, unknown>
  valid: boolean
  warning?: boolean
}
type Expected = { code: string; resource: string }
type Case = { id: string; inputFiles: string[]; analyzer: { name: string }; expected: Expected[] }

const folder = resolve(process.env["SMM_FIXTURES"] ?? "../shared/fixtures", "istio")
const missing = existsSync(folder) ? null : `no ${folder}; set SMM_FIXTURES`
const read = <T>(name: string): T[] =>
  missing === null ? (JSON.parse(readFileSync(resolve(folder, name), "utf8")) as T[]) : []

const kinds = new Set(["Gateway", "VirtualService", "ServiceEntry", "WorkloadEntry", "WorkloadGroup"])
const rows = read<Row>("validation.json").filter(({ kind }) => kinds.has(kind))
const cases = read<Case>("cases.json").filter(
  ({ analyzer }) => analyzer.name === "schema.ValidationAnalyzer.VirtualService",
)

/** TCP ports without addresses are said once, by the rule that knows whether proxies answer DNS. */
const families: readonly Family[] = [
  semanticsTraffic,
  { rules: services.rules, checks: services.checks.filter(({ name }) => name === "serviceentry/addresses") },
]

function findings(objects: readonly KubeObject[]): readonly Finding[] {
  const engine = new Engine({ families, strict: true })
  for (const object of objects) engine.put(here, object)
  return engine.findings()
}

const aliasesOf = new Map(semanticsTraffic.rules.map(({ code, aliases }) => [code, aliases]))
const codes = (finding: Finding): readonly string[] => aliasesOf.get(finding.code) ?? []
const isOf = (finding: Finding, wanted: readonly string[]): boolean =>
  codes(finding).some((code) => wanted.includes(code))

const used = new Set<Deviation>()

/** Whether a difference is one we mean; an entry that no difference uses is wrong. */
function isMeant(
  corpus: Deviation["corpus"],
  id: string,
  kind: Deviation["kind"],
  code: string,
  resource?: string,
): boolean {
  const entry = deviations.find(
    (each) =>
      each.corpus === corpus &&
      each.case === id &&
      each.kind === kind &&
      each.code === code &&
      (resource === undefined || each.resource === resource),
  )
  if (entry !== undefined) used.add(entry)
  return entry !== undefined
}

describe.skipIf(skipNote("Istio's validation of traffic objects", missing))("Istio's own tables", () => {
  test.each(rows.map((row): [string, Row] => [`${row.kind} ${row.line} ${row.name}`, row]))(
    "%s",
    (_, row) => {
      const object = {
        apiVersion: row.apiVersion,
        kind: row.kind,
        metadata: { name: "x", ...row.metadata },
        spec: row.spec,
      } as KubeObject
      const found = findings([object])
      const errors = found.filter(({ level }) => level === "error")
      expect(errors.length > 0, JSON.stringify(errors.map(({ message }) => message))).toBe(!row.valid)
      if (!row.valid || row.warning === undefined) return
      const warned = found.filter(({ level }) => level !== "error")
      const id = `${row.file}:${row.line} ${row.name}`
      if (row.warning) expect(warned.length > 0).toBe(true)
      else
        for (const finding of warned)
          expect(isMeant("istio/validation", id, "extra", codes(finding)[0] ?? ""), finding.message).toBe(
            true,
          )
    },
  )

  test.each(cases.map((each): [string, Case] => [each.id, each]))(
    "case %s",
    (_, { id, inputFiles, expected }) => {
      const objects = inputFiles
        .flatMap((file) => objectsOf(readFileSync(resolve(folder, file), "utf8")))
        .filter((object) => kindKeyOf(object) === "VirtualService.networking.istio.io")
      const found = findings(objects).filter((finding) => isOf(finding, ["IST0130", "IST0131"]))
      const actual = found.map(({ code, object }) => {
        const resource = object.namespace === "" ? object.name : `${object.namespace}/${object.name}`
        return `${aliasesOf.get(code)?.[0] ?? ""} VirtualService ${resource}`
      })
      const wanted = expected.map(({ code, resource }) => `${code} ${resource}`)
      for (const entry of actual) {
        const at = wanted.indexOf(entry)
        if (at >= 0) wanted.splice(at, 1)
        else {
          const [code = "", ...resource] = entry.split(" ")
          expect(isMeant("istio/cases", id, "extra", code, resource.join(" ")), `extra ${entry}`).toBe(true)
        }
      }
      expect(wanted).toEqual([])
    },
  )

  test("every deviation is used", () => {
    expect(deviations.filter((entry) => !used.has(entry))).toEqual([])
  })
})
