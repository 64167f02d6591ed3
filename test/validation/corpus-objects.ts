import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseAllDocuments } from "yaml"
import { filesIn } from "./files.ts"
import type { KubeObject } from "#shared/kube/object.ts"

/** Where others' data lies, when it is there. */
export const fixtures = process.env["SMM_FIXTURES"] ?? join(import.meta.dirname, "../../../shared/fixtures")
export const haveFixtures = existsSync(join(fixtures, "istio/cases.json"))

const isObject = (value: unknown): value is KubeObject =>
  value !== null &&
  typeof value === "object" &&
  "kind" in value &&
  "metadata" in value &&
  typeof (value as KubeObject).metadata?.name === "string"

const documentsOf = (text: string): unknown[] =>
  parseAllDocuments(text, { logLevel: "silent" }).map((document) => {
    try {
      return document.toJS() as unknown
    } catch {
      return undefined
    }
  })

/** Every object in the fixtures' files and tables: what others found worth testing. */
export function corpusObjects(): KubeObject[] {
  const rows = JSON.parse(
    readFileSync(join(fixtures, "istio/validation.json"), "utf8"),
  ) as Partial<KubeObject>[]
  const crds = JSON.parse(readFileSync(join(fixtures, "istio/crds.json"), "utf8")) as { object: unknown }[]
  return [
    ...["istio/testdata", "kiali/yaml", "bookinfo"]
      .flatMap((folder) => filesIn(join(fixtures, folder)).filter((path) => path.endsWith(".yaml")))
      .flatMap((path) => documentsOf(readFileSync(path, "utf8"))),
    ...crds.map(({ object }) => object),
    ...rows.map(({ kind, apiVersion, metadata, spec }) => ({
      apiVersion,
      kind,
      metadata: metadata ?? { name: "row", namespace: "default" },
      spec,
    })),
  ].filter(isObject)
}
