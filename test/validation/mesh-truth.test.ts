import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { readDocuments } from "#shared/document/read.ts"
import { filesIn } from "./files.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { families, rulesByCode } from "#shared/validation/families.ts"
import type { Finding } from "#shared/validation/finding.ts"
import { skipNote } from "#test/real/skip.ts"

const generator = join(
  process.env["SMM_REAL_PARTS"] ?? join(import.meta.dirname, "../../../shared/real-parts"),
  "istio/gen-mesh.mjs",
)
const missing = existsSync(generator) ? null : `no ${generator}; set SMM_REAL_PARTS`

type Truth = { truth: { kind: string; code: string; resource: string }[] }

/** `VirtualService a/b and a/c` names two. */
const resourcesOf = (text: string): string[] => {
  const [kind = "", ...rest] = text.split(" ")
  return rest.filter((word) => word !== "and").map((name) => `${kind} ${name}`)
}

const resourceOf = ({ object: { kind, namespace, name } }: Finding): string =>
  `${kind.split(".")[0] ?? ""} ${namespace === "" ? name : `${namespace}/${name}`}`

describe.skipIf(skipNote("defects put into a generated mesh", missing))("a mesh with known defects", () => {
  const folder = mkdtempSync(join(tmpdir(), "smm-mesh-"))
  let truth: Truth["truth"]
  let findings: readonly Finding[]

  beforeAll(() => {
    execFileSync(process.execPath, [generator, "M", join(folder, "mesh")])
    truth = (JSON.parse(readFileSync(join(folder, "mesh.truth.json"), "utf8")) as Truth).truth
    const engine = new Engine({ families })
    for (const file of filesIn(join(folder, "mesh")))
      for (const { object } of readDocuments(readFileSync(file, "utf8"), file).objects) engine.put("", object)
    findings = engine.findings()
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const said = (): Set<string> =>
    new Set(
      findings.flatMap((finding) =>
        (rulesByCode.get(finding.code)?.aliases ?? []).map((alias) => `${alias} ${resourceOf(finding)}`),
      ),
    )

  test("each of them is found at its object", () => {
    const known = said()
    const wanted = truth.filter(({ code }) => code.startsWith("IST"))
    expect(wanted.length).toBeGreaterThan(100)
    expect(
      wanted
        .filter(({ code, resource }) => resourcesOf(resource).some((one) => !known.has(`${code} ${one}`)))
        .map(({ kind, code, resource }) => `${kind}: ${code} ${resource}`),
    ).toEqual([])
  })

  test("nothing else is an error", () => {
    const broken = new Set(truth.flatMap(({ resource }) => resourcesOf(resource)))
    // Who names what is broken fails with it: a DestinationRule with a wrong host gives no subsets to its service's routes.
    const names = new Set([...broken].map((resource) => resource.slice(resource.indexOf(" ") + 1)))
    expect(
      findings
        .filter((finding) => finding.level === "error")
        .filter(
          (finding) =>
            !broken.has(resourceOf(finding)) &&
            !names.has(`${finding.object.namespace}/${finding.object.name}`) &&
            !finding.references.some(({ object }) => broken.has(resourceOf({ ...finding, object }))),
        )
        .map((finding) => `${finding.code} ${resourceOf(finding)}: ${finding.message}`),
    ).toEqual([])
  })
})
