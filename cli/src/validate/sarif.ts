import { textHash } from "#shared/kube/bucket.ts"
import { type Level, findingKey } from "#shared/validation/finding.ts"
import { type At, type Located, type Result, kindName, objectName } from "./result.ts"

/** SARIF 2.1.0, as GitHub and other code scanners read it. Source: docs.oasis-open.org/sarif/sarif/v2.1.0. */

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

const levelOf: Readonly<Record<Level, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
}

/** A relative reference: what a URI has no room for is escaped. */
const uriOf = (file: string): string =>
  (file === "-" ? "stdin" : file.replaceAll("\\", "/").replace(/^\.\//, ""))
    .split("/")
    .map(encodeURIComponent)
    .join("/")

const regionOf = ({ line, column }: { line: number; column: number }): object => ({
  startLine: line,
  startColumn: column,
})

const physical = (at: At): object =>
  at === null ? {} : { physicalLocation: { artifactLocation: { uri: uriOf(at.file) }, region: regionOf(at) } }

type Place = { kind: string; namespace: string; name: string }

const logical = (object: Place, path: string): object => ({
  logicalLocations: [
    {
      name: object.name,
      fullyQualifiedName: `${kindName(object.kind)}/${objectName(object)}${path === "" ? "" : `/${path}`}`,
      kind: "object",
    },
  ],
})

function resultOf(each: Located, ruleIndex: number): object {
  const { finding, at, references, suppression } = each
  return {
    ruleId: finding.code,
    ruleIndex,
    level: levelOf[finding.level],
    message: { text: `${kindName(finding.object.kind)} ${objectName(finding.object)}: ${finding.message}` },
    locations: [{ ...physical(at), ...logical(finding.object, finding.path) }],
    ...(references.length === 0
      ? {}
      : {
          relatedLocations: references.map(({ reference, at: there }, id) => ({
            id,
            ...physical(there),
            ...logical(reference.object, reference.path),
            message: { text: `${kindName(reference.object.kind)} ${objectName(reference.object)}` },
          })),
        }),
    partialFingerprints: { "smmFindingKey/v1": textHash(findingKey(finding)).toString(16).padStart(12, "0") },
    ...(suppression === null
      ? {}
      : {
          suppressions: [
            {
              kind: suppression.by === "annotation" ? "inSource" : "external",
              status: "accepted",
              justification: `${suppression.by} ${suppression.code}${suppression.object === "" ? "" : `=${suppression.object}`}`,
            },
          ],
        }),
  }
}

const sentence = (text: string): string => (text === "" ? "" : `${text}.`)

function ruleOf({ finding, rule }: Located): object {
  const help = [sentence(rule.effect), sentence(rule.remedy)].filter((text) => text !== "").join(" ")
  return {
    id: finding.code,
    name: finding.code,
    shortDescription: { text: sentence(rule.title) },
    fullDescription: { text: sentence(rule.effect) || sentence(rule.title) },
    help: { text: help || sentence(rule.title) },
    ...(rule.source === undefined ? {} : { helpUri: rule.source }),
    defaultConfiguration: { level: levelOf[rule.level] },
    properties: { tags: ["istio", finding.code.split(".")[0] ?? ""], aliases: rule.aliases },
  }
}

function notifications({ problems, notEvaluated }: Result): object[] {
  return [
    ...problems.map(({ file, line, column, level, message, remedy }) => ({
      level,
      message: { text: `${message}. ${remedy}.` },
      locations: [physical({ file, line, column })],
    })),
    ...notEvaluated.map(({ cluster, kind, reason, codes }) => ({
      level: "note",
      message: {
        text: `Not evaluated${cluster === "" ? "" : ` in ${cluster}`}: ${reason}, which ${kindName(kind)} would tell (${codes.join(", ")}).`,
      },
    })),
  ]
}

export function sarifText(result: Result): string {
  const all = [...result.findings, ...result.suppressed]
  const rules = new Map<string, Located>()
  for (const each of all) if (!rules.has(each.finding.code)) rules.set(each.finding.code, each)
  const codes = [...rules.keys()].sort()
  const indexes = new Map(codes.map((code, index) => [code, index]))
  const log = {
    $schema: schema,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "smm validate",
            rules: codes.flatMap((code) => {
              const first = rules.get(code)
              return first ? [ruleOf(first)] : []
            }),
          },
        },
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            executionSuccessful: !result.problems.some(({ level }) => level === "error"),
            toolExecutionNotifications: notifications(result),
          },
        ],
        results: all.map((each) => resultOf(each, indexes.get(each.finding.code) ?? -1)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}
