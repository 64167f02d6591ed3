import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { type KubeObject, kindKeyOf } from "../../../kube/object.ts"
import { deviations } from "./deviations.ts"
import { kinds } from "./kinds.ts"
import { definitionsOf, validatorOf } from "./oracle.ts"
import { structuralProblems } from "./problems.ts"

type Document = { file: string; doc: number; name: string; valid: boolean; object: KubeObject }
type Row = {
  file: string
  line: number
  name: string
  kind: string
  apiVersion: string
  spec: unknown
  metadata?: Record<string, unknown>
  valid: boolean
}

const fixtures = process.env["SMM_FIXTURES"] ?? "../shared/fixtures"
const missing = existsSync(resolve(fixtures, "istio")) ? null : `no ${fixtures}/istio; set SMM_FIXTURES`
const text = (file: string): string => readFileSync(resolve(fixtures, file), "utf8")
const rowsOf = <T>(file: string): T[] => (missing === null ? (JSON.parse(text(file)) as T[]) : [])

const problems = (object: KubeObject): string[] =>
  structuralProblems(kindKeyOf(object), object).map(({ path, message }) => `${path}: ${message}`)

const objectOf = ({ apiVersion, kind, metadata, spec }: Row): KubeObject =>
  ({ apiVersion, kind, metadata: { name: "x", ...metadata }, spec }) as KubeObject
const idOf = ({ file, line, name }: Row): string => `${file}:${line} ${name}`

describe.skipIf(skipNote("structure against Istio's own tables", missing))("Istio's own tables", () => {
  test("every document of its definitions' tests is refused or taken as they say", () => {
    const documents = rowsOf<Document>("istio/crds.json")
    const wrong = documents.filter(({ object, valid }) => (problems(object).length === 0) !== valid)
    expect(documents.length).toBeGreaterThan(0)
    expect(
      wrong.map(({ file, doc, name, object }) => `${file} ${doc} ${name}: ${problems(object).join("; ")}`),
    ).toEqual([])
  })

  test("of its validator's rows, no valid one is refused but those that deviate", () => {
    const refused = rowsOf<Row>("istio/validation.json").filter(
      (row) => row.valid && problems(objectOf(row)).length > 0,
    )
    expect(refused.map(idOf).filter((id) => !deviations.some((deviation) => deviation.case === id))).toEqual(
      [],
    )
  })

  test("every deviation of a row that is there is needed", () => {
    const rows = rowsOf<Row>("istio/validation.json")
    const idle = deviations.filter((deviation) => {
      const row = rows.find((one) => idOf(one) === deviation.case)
      return row !== undefined && problems(objectOf(row)).length === 0
    })
    expect(idle).toEqual([])
  })

  test("each row that the definitions alone refuse is refused", () => {
    const validators = new Map(
      definitionsOf(text("crds/istio.yaml")).map((one) => [`${one.key} ${one.version}`, validatorOf(one)]),
    )
    const rows = rowsOf<Row>("istio/validation.json").filter(({ apiVersion, kind }) =>
      kinds.has(`${kind}.${apiVersion.split("/")[0] ?? ""}`),
    )
    const passed = rows.filter((row) => {
      const object = objectOf(row)
      const validate = validators.get(`${kindKeyOf(object)} ${row.apiVersion.split("/")[1] ?? ""}`)
      return validate !== undefined && validate(object) !== null && problems(object).length === 0
    })
    expect(passed.map(idOf)).toEqual([])
  })
})
