import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { record } from "../../../topology/fact/read.ts"
import { kinds } from "./kinds.ts"
import { type Definition, definitionsOf, validatorOf } from "./oracle.ts"
import { schemaOf, structuralProblems } from "./problems.ts"
import { constraint } from "./rules.ts"
import { mutated, sampleOf } from "./sample.ts"
import { differences } from "./parity.ts"

const folder = resolve(process.env["SMM_FIXTURES"] ?? "../shared/fixtures", "crds")
const missing = existsSync(folder) ? null : `no ${folder}; set SMM_FIXTURES`
const definitions: readonly Definition[] =
  missing === null
    ? ["istio.yaml", "gateway-api.yaml"].flatMap((file) =>
        definitionsOf(readFileSync(resolve(folder, file), "utf8")),
      )
    : []
const ours = definitions.filter(({ key }) => kinds.has(key))

describe.skipIf(skipNote("definitions of Istio and the Gateway API", missing))(
  "against the definitions themselves",
  () => {
    test("every version of every kind is known, and no other", () => {
      const known = [...kinds].flatMap(([key, { versions }]) =>
        [...versions.keys()].map((version) => `${key} ${version}`),
      )
      expect(known.toSorted()).toEqual(ours.map(({ key, version }) => `${key} ${version}`).toSorted())
    })

    test("fields, types, limits, values, forms and keys are the same in every place", () => {
      const all = ours.flatMap(({ key, version, schema }) => {
        const own = schemaOf(key, version)?.fields.get("spec")
        const spec = record(record(schema["properties"])["spec"])
        return own === undefined
          ? [`${key} ${version} has no spec`]
          : differences(own, spec, `${key} ${version} spec`)
      })
      expect(all).toEqual([])
    })

    test.each(
      ours
        .filter(({ key, version }) => schemaOf(key) === schemaOf(key, version))
        .map((one) => [one.key, one] as const),
    )(
      "random and broken objects of %s are refused exactly when the definition refuses them",
      (key, definition) => {
        const schema = schemaOf(key, definition.version)
        if (schema === undefined) throw new Error(key)
        const refuses = validatorOf(definition)
        const kind = kinds.get(key)?.kind ?? ""
        const apiVersion = `${key.slice(kind.length + 1)}/${definition.version}`
        fc.assert(
          fc.property(
            sampleOf(schema.fields.get("spec") ?? schema),
            fc.infiniteStream(fc.nat()),
            (spec, random) => {
              const object = { apiVersion, kind, metadata: { name: "x" }, spec }
              for (let round = 0; round < 4; round++) {
                const changed = round === 0 ? object : { ...object, spec: mutated(spec, random) }
                const found = structuralProblems(key, changed).filter(({ rule }) => rule !== constraint)
                const refused = refuses(changed)
                if (found.length > 0 !== (refused !== null))
                  throw new Error(
                    `${refused ?? "taken"} / ${found.map(({ path, message }) => `${path}: ${message}`).join("; ") || "taken"}\n${JSON.stringify(changed)}`,
                  )
              }
            },
          ),
          { numRuns: 150, seed: 7 },
        )
      },
    )
  },
)
