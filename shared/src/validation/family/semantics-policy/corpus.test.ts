import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import type { KubeObject } from "../../../kube/object.ts"
import type { Deviation } from "../../deviation.ts"
import { Engine } from "../../engine/engine.ts"
import type { Finding, Level } from "../../finding.ts"
import { here, objectsOf } from "../../testing.ts"
import { structure } from "../structure/family.ts"
import { deviations } from "./deviations.ts"
import { semanticsPolicy } from "./family.ts"

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
type Case = {
  id: string
  inputFiles: string[]
  analyzer: { name: string; inputs: string[] }
  expected: { code: string; resource: string }[]
}

const folder = resolve(process.env["SMM_FIXTURES"] ?? "../shared/fixtures", "istio")
const missing = existsSync(folder) ? null : `no ${folder}; set SMM_FIXTURES`
const read = <T>(name: string): T[] =>
  missing === null ? (JSON.parse(readFileSync(resolve(folder, name), "utf8")) as T[]) : []

const subjects = new Set(semanticsPolicy.checks.map(({ subject }) => subject.slice(0, subject.indexOf("."))))
const others = new Set(["VirtualService", "CustomResourceDefinition"])
const rows = read<Row>("validation.json").filter(({ kind }) => subjects.has(kind) && !others.has(kind))

const analyzers: Record<string, readonly string[]> = {
  "envoyfilter.EnvoyPatchAnalyzer": ["IST0151", "IST0152", "IST0153", "IST0154", "IST0155"],
  "deprecation.DeprecationAnalyzer": ["IST0002"],
  "destinationrule.CaCertificateAnalyzer": ["IST0128", "IST0129"],
}
const cases = read<Case>("cases.json").filter(({ analyzer }) => analyzer.name in analyzers)

const aliases = new Map(
  [...structure.rules, ...semanticsPolicy.rules].map(({ code, aliases }) => [code, aliases]),
)

/** With the structure rules, to which these leave what a CRD says itself. */
function findings(objects: readonly KubeObject[]): readonly Finding[] {
  const engine = new Engine({ families: [structure, semanticsPolicy], strict: true })
  for (const object of objects) engine.put(here, object)
  return engine.findings()
}

const objectOf = (row: Row): KubeObject =>
  ({
    apiVersion: row.apiVersion,
    kind: row.kind,
    metadata: { name: "x", ...row.metadata },
    spec: row.spec,
  }) as KubeObject

const used = new Set<Deviation>()

function isAllowed(id: string, kind: Deviation["kind"], code: string): boolean {
  const found = deviations.find(
    (deviation) => deviation.case === id && deviation.kind === kind && deviation.code === code,
  )
  if (found !== undefined) used.add(found)
  return found !== undefined
}

/** What we say without a deviation that allows it, and what we should say and do not. */
function verdict(row: Row): string[] {
  const found = findings([objectOf(row)]).filter(({ code }) =>
    (aliases.get(code) ?? []).some((alias) => alias === "IST0106" || alias === "IST0133"),
  )
  const has = (level: Level): boolean => found.some((finding) => finding.level === level)
  const wrong: string[] = []
  const compare = (level: Level, wanted: boolean): void => {
    if (has(level) === wanted) return
    const code = level === "error" ? "IST0106" : "IST0133"
    const kind = wanted ? "missing" : "extra"
    if (!isAllowed(`${row.file}:${row.line} ${row.name}`, kind, code))
      wrong.push(`${kind} ${level}: ${found.map(({ code, message }) => `${code} ${message}`).join("; ")}`)
  }
  compare("error", !row.valid)
  if (row.valid && row.warning !== undefined) compare("warning", row.warning)
  return wrong
}

describe.skipIf(skipNote("Istio's validation of rules and policies", missing))(
  "Istio's table of valid and invalid objects",
  () => {
    test.each(rows)("$kind $line $name", (row) => {
      expect(verdict(row)).toEqual([])
    })
  },
)

const resourceOf = ({ object }: Finding): string => {
  const kind = object.kind.split(".")[0] ?? ""
  return object.namespace === "" ? `${kind} ${object.name}` : `${kind} ${object.namespace}/${object.name}`
}

describe.skipIf(skipNote("Istio's analyzers of single objects", missing))(
  "Istio's analyzers of single objects",
  () => {
    test.each(cases)("$id", ({ inputFiles, analyzer, expected }) => {
      const objects = inputFiles
        .flatMap((file) => objectsOf(readFileSync(resolve(folder, file), "utf8")))
        .filter(({ kind }) => analyzer.inputs.includes(kind))
      const codes = analyzers[analyzer.name] ?? []
      const said = findings(objects).flatMap((finding) =>
        (aliases.get(finding.code) ?? [])
          .filter((code) => codes.includes(code))
          .map((code) => `${code} ${resourceOf(finding)}`),
      )
      expect(said.sort()).toEqual(expected.map(({ code, resource }) => `${code} ${resource}`).sort())
    })
  },
)

describe.skipIf(missing !== null)("the deviations", () => {
  test("are all needed", () => {
    rows.forEach(verdict)
    expect(deviations.filter((deviation) => !used.has(deviation))).toEqual([])
  })
})
