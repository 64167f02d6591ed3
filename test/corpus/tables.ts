import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Family } from "#shared/validation/check.ts"
import type { Deviation } from "#shared/validation/deviation.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { families, rulesByCode } from "#shared/validation/families.ts"
import { semanticsPolicy } from "#shared/validation/family/semantics-policy/family.ts"
import { semanticsTraffic } from "#shared/validation/family/semantics-traffic/family.ts"
import { services } from "#shared/validation/family/services/family.ts"
import { structure } from "#shared/validation/family/structure/family.ts"
import { allDeviations } from "#test/docs/validation-page.ts"
import { istioCases, runIstioCase } from "./istio-cases.ts"
import { kialiFixtures, kialiId, kialiIntegration, runKialiFixture, runKialiIntegration } from "./kiali.ts"

/** The acceptance corpora as a whole, with all rules: what each case says too little or too much. */

export type Outcome = { id: string; problems: string[]; used: readonly Deviation[] }
export type TableOutcome = { table: Deviation["corpus"]; outcomes: Outcome[] }

const folder = resolve(process.env["SMM_FIXTURES"] ?? "../shared/fixtures")
export const corporaMissing: string | null = existsSync(resolve(folder, "istio"))
  ? null
  : `no ${folder}; set SMM_FIXTURES to the folder of the acceptance corpora`

type Row = {
  file: string
  line?: number
  doc?: number
  name: string
  kind: string
  apiVersion: string
  spec: unknown
  metadata?: Record<string, unknown>
  object?: KubeObject
  valid: boolean
  warning?: boolean
}

/** Those that judge an object by itself, as an admission webhook does. */
const admission: readonly Family[] = [
  structure,
  semanticsTraffic,
  semanticsPolicy,
  { rules: services.rules, checks: services.checks.filter(({ name }) => name === "serviceentry/addresses") },
]

/** What the webhook says as a warning; the anchor's own level of these is info. */
const warned = new Set(["IST0130", "IST0131", "IST0133", "IST0134"])

function rowOutcome(table: Deviation["corpus"], row: Row, deviations: readonly Deviation[]): Outcome {
  const id = `${row.file}:${String(row.line ?? row.doc)} ${row.name}`
  const engine = new Engine({ families: admission })
  const metadata = { name: "x", ...row.metadata }
  engine.put(
    "",
    row.object ?? ({ apiVersion: row.apiVersion, kind: row.kind, metadata, spec: row.spec } as KubeObject),
  )
  const findings = engine.findings()
  const errors = findings.filter(({ level }) => level === "error")
  const used = deviations.filter((one) => one.corpus === table && one.case === id)
  const problems: string[] = []
  if (row.valid)
    problems.push(...errors.map(({ code, path, message }) => `valid, but ${code} at ${path}: ${message}`))
  else if (errors.length === 0) problems.push("invalid, but no error is found")
  const warnings = findings.filter(({ level }) => level !== "error")
  if (row.valid && row.warning === true && warnings.length === 0)
    problems.push("warned of, but no warning is found")
  if (row.valid && row.warning === false)
    for (const { code, path, message } of warnings)
      if (rulesByCode.get(code)?.aliases.some((alias) => warned.has(alias)) === true)
        problems.push(`not warned of, but ${code} at ${path}: ${message}`)
  return problems.length > 0 && used.length > 0 ? { id, problems: [], used } : { id, problems, used: [] }
}

const rowsOf = (file: string): Row[] => JSON.parse(readFileSync(resolve(folder, file), "utf8")) as Row[]

type Difference = ReturnType<typeof runIstioCase>

const outcome = (id: string, { missing, extra, used }: Difference): Outcome => ({
  id,
  problems: [
    ...missing.map(({ code, resource }) => `not said: ${code} ${resource}`),
    ...extra.map(({ code, resource }) => `said too much: ${code} ${resource}`),
  ],
  used,
})

/** Every table with all families, after the deviations. */
export async function allTables(): Promise<{ tables: TableOutcome[]; unused: Deviation[] }> {
  const deviations = await allDeviations()
  const tables: TableOutcome[] = [
    {
      table: "istio/cases",
      outcomes: istioCases().map((one) => outcome(one.id, runIstioCase(one, families, deviations))),
    },
    {
      table: "istio/validation",
      outcomes: rowsOf("istio/validation.json").map((row) => rowOutcome("istio/validation", row, deviations)),
    },
    {
      table: "istio/crds",
      outcomes: rowsOf("istio/crds.json").map((row) => rowOutcome("istio/crds", row, deviations)),
    },
    {
      table: "kiali/fixtures",
      outcomes: kialiFixtures().map((one) =>
        outcome(kialiId(one), runKialiFixture(one, families, deviations)),
      ),
    },
    {
      table: "kiali/integration",
      outcomes: kialiIntegration().map((one) =>
        outcome(one.test, runKialiIntegration(one, families, deviations)),
      ),
    },
  ]
  const used = new Set(tables.flatMap(({ outcomes }) => outcomes.flatMap((one) => one.used)))
  // A deviation may be of a row that is not in the part of the corpus that is here.
  const here = new Set(tables.flatMap(({ table, outcomes }) => outcomes.map(({ id }) => `${table} ${id}`)))
  return {
    tables,
    unused: deviations.filter((one) => !used.has(one) && here.has(`${one.corpus} ${one.case}`)),
  }
}
