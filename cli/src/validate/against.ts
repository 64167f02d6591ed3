import type { SourceObject } from "#shared/document/read.ts"
import { refOf } from "#shared/kube/object.ts"
import type { Answer, Client } from "#shared/api/client.ts"
import type { Finding } from "#shared/validation/finding.ts"
import { suppress } from "#shared/validation/suppression.ts"
import { clusterNamed } from "../context.ts"
import { UsageError } from "../exit.ts"
import { type Input, refKey } from "./input.ts"
import type { ValidateOptions } from "./options.ts"
import { type At, type Located, type Result, mostReferences } from "./result.ts"

type Delta = Answer<"validate">
type Item = Delta["added"][number]

/** What the API takes in one proposal. */
const maxObjects = 1_000

/** Clusters go by their names here; of another one than the finding's only the id is known. */
function findingOf(item: Item): Finding {
  const { clusterName, code, level, message, object, path, references, fix } = item
  return {
    code,
    level,
    message,
    cluster: clusterName,
    object,
    path,
    references: references.map((reference) =>
      reference.cluster === item.cluster ? { ...reference, cluster: clusterName } : reference,
    ),
    fix: fix as Finding["fix"],
  }
}

/**
 * What the files would change in a live mesh: their objects stand in for those of the same name in the cluster. The findings are those that they add.
 * @throws AppError of the server
 */
export async function evaluateAgainst(
  input: Input,
  options: ValidateOptions,
  context: { client: Client; cluster: string; nowMs: number },
): Promise<Omit<Result, "elapsedMs">> {
  const { clusterId } = await clusterNamed(context.client, context.cluster)
  const sources = new Map<string, SourceObject>()
  for (const { objects } of input.clusters)
    for (const source of objects) sources.set(refKey(refOf(source.object)), source)
  if (sources.size > maxObjects)
    throw new UsageError(
      `--against takes ${maxObjects} objects at once, the files hold ${sources.size}; name only those that change`,
    )
  const delta = await context.client.call("validate", {
    params: { cluster: clusterId },
    body: { put: [...sources.values()].map(({ object }) => object) },
  })
  const placeOf = (source: SourceObject | undefined, path: string): At => {
    if (!source) return null
    const { line, column } = source.place(path)
    return { file: source.file, line, column }
  }
  const located = (finding: Finding): Located => {
    const source = sources.get(refKey(finding.object))
    const text = delta.rules[finding.code]
    return {
      finding,
      rule: {
        level: finding.level,
        ...(text ?? { aliases: [], title: finding.code, effect: "", remedy: "" }),
      },
      apiVersion: source?.object.apiVersion ?? "",
      at: placeOf(source, finding.path),
      references: finding.references.slice(0, mostReferences).map((reference) => ({
        reference,
        at: placeOf(sources.get(refKey(reference.object)), reference.path),
      })),
      suppression: null,
    }
  }
  const counted = delta.added.filter(({ suppressed }) => suppressed === null)
  const rules = new Map(
    Object.entries(delta.rules).map(([code, text]) => [code, { code, level: "error" as const, ...text }]),
  )
  const { findings, suppressed } = suppress(counted.map(findingOf), {
    objectOf: ({ object }) => sources.get(refKey(object))?.object,
    rules,
    wishes: options.suppressions,
    nowMs: context.nowMs,
  })
  const muted = delta.added.filter(({ suppressed: wish }) => wish !== null)
  return {
    findings: findings.map(located),
    suppressed: [
      ...suppressed.map(({ finding, suppression }) => ({ ...located(finding), suppression })),
      ...muted.map((item) => ({
        ...located(findingOf(item)),
        suppression: {
          code: item.suppressed?.code ?? "",
          object: "",
          until: item.suppressed?.until ?? null,
          by: item.suppressed?.by === "annotation" ? ("annotation" as const) : ("settings" as const),
        },
      })),
    ],
    removed: delta.removed.map((item) => located(findingOf(item))),
    notEvaluated: delta.notEvaluated.map(({ clusterName, ...rest }) => ({ ...rest, cluster: clusterName })),
    problems: input.problems,
    skipped: input.skipped,
    seen: [...sources.values()].map(({ object, file }) => ({
      cluster: context.cluster,
      ...refOf(object),
      file,
    })),
    objects: sources.size,
    files: input.files,
    failOn: options.failOn,
  }
}
