import { type At, type Located, type Result, kindName } from "./result.ts"

const placeOf = (at: At): object => ({
  file: at?.file ?? null,
  line: at?.line ?? null,
  column: at?.column ?? null,
})

function findingOf({ finding, rule, apiVersion, at, references }: Located): object {
  const { object } = finding
  return {
    code: finding.code,
    aliases: rule.aliases,
    level: finding.level,
    message: finding.message,
    cluster: finding.cluster,
    apiVersion,
    kind: kindName(object.kind),
    namespace: object.namespace,
    name: object.name,
    path: finding.path,
    ...placeOf(at),
    references: references.map(({ reference, at: there }) => ({
      cluster: reference.cluster,
      kind: kindName(reference.object.kind),
      namespace: reference.object.namespace,
      name: reference.object.name,
      path: reference.path,
      ...placeOf(there),
    })),
    fix: finding.fix,
  }
}

/** The answer as one document; findings in their one order. */
export function jsonText(result: Result): string {
  const document = {
    findings: result.findings.map(findingOf),
    ...(result.removed === null ? {} : { removed: result.removed.map(findingOf) }),
    suppressed: result.suppressed.map((each) => ({ ...findingOf(each), suppression: each.suppression })),
    notEvaluated: result.notEvaluated,
    problems: result.problems,
    skipped: result.skipped,
    objects: result.objects,
    files: result.files,
    elapsedMs: result.elapsedMs,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
