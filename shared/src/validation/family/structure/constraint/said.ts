import { parse } from "yaml"
import { structuralProblems } from "../problems.ts"

/** For tests: what is said of a spec, written as YAML, `path` alone when it is said once. */
export function said(kindKey: string, version: string, spec: string): string[] {
  const at = kindKey.indexOf(".")
  const object = {
    apiVersion: `${kindKey.slice(at + 1)}/${version}`,
    kind: kindKey.slice(0, at),
    metadata: { name: "x" },
    spec: parse(spec) as unknown,
  }
  return structuralProblems(kindKey, object).map(({ rule, path }) =>
    rule.code === "schema.constraint" ? path : `${rule.code} ${path}`,
  )
}
