import { isAbsolute, relative, resolve, sep } from "node:path"
import { pathToFileURL } from "node:url"
import about from "../../../package.json" with { type: "json" }
import { textHash } from "#shared/kube/bucket.ts"
import { type Level, findingKey } from "#shared/validation/finding.ts"
import { type At, type Located, type Result, kindName, objectName, refText } from "./result.ts"
import { skipNotes } from "./skip.ts"

/** SARIF 2.1.0, as GitHub and other code scanners read it. Source: docs.oasis-open.org/sarif/sarif/v2.1.0. */

const schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

const levelOf: Readonly<Record<Level, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
}

/** Where the repository begins; what stands in it is named from there, as code scanners need it. */
const rootId = "%SRCROOT%"

const encoded = (path: string): string => path.split(sep).map(encodeURIComponent).join("/")

/** Where a file is: from the root of the repository, or as a whole when it is outside of it. */
function artifactOf(file: string, root: string): object {
  if (file === "-") return { uri: "stdin" }
  const path = relative(root, resolve(file))
  if (path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path))
    return { uri: encoded(path), uriBaseId: rootId }
  return { uri: pathToFileURL(resolve(file)).href }
}

const regionOf = ({ line, column }: { line: number; column: number }): object => ({
  startLine: line,
  startColumn: column,
})

type Where = { root: string; first: At }

const physical = (at: At, { root }: Where): object =>
  at === null
    ? {}
    : { physicalLocation: { artifactLocation: artifactOf(at.file, root), region: regionOf(at) } }

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

function resultOf(each: Located, ruleIndex: number, where: Where): object {
  const { finding, at, references, suppression } = each
  // Those in no file have no place that a code scanner could show.
  const related = references
    .filter(({ at: there }) => there !== null)
    .map(({ reference, at: there }, id) => ({
      id,
      ...physical(there, where),
      ...logical(reference.object, reference.path),
      message: { text: refText(reference.object) },
    }))
  return {
    ruleId: finding.code,
    ruleIndex,
    level: levelOf[finding.level],
    message: { text: `${refText(finding.object)}: ${finding.message}` },
    // Code scanners refuse what is in no file: what the files cause elsewhere in a cluster is shown at the first of them.
    locations: [{ ...physical(at ?? where.first, where), ...logical(finding.object, finding.path) }],
    ...(related.length === 0 ? {} : { relatedLocations: related }),
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

/** `VirtualserviceHostUnknown`, as rules are named for people. */
const nameOf = (code: string): string =>
  code
    .split(/[._]/)
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join("")

/** GitHub's own words. */
const severityOf: Readonly<Record<Level, string>> = {
  error: "error",
  warning: "warning",
  info: "recommendation",
}

/** The document that defines the behaviour, else what the anchors write of the condition. */
function helpUriOf({ source, aliases }: Located["rule"]): { helpUri?: string } {
  if (source !== undefined) return { helpUri: source }
  const istio = aliases.find((alias) => /^IST\d{4}$/.test(alias))
  if (istio !== undefined)
    return { helpUri: `https://istio.io/latest/docs/reference/config/analysis/${istio.toLowerCase()}/` }
  return aliases.some((alias) => alias.startsWith("KIA"))
    ? { helpUri: "https://kiali.io/docs/features/validations/" }
    : {}
}

const sentence = (text: string): string => (text === "" ? "" : `${text}.`)

function ruleOf({ finding, rule }: Located): object {
  const help = [sentence(rule.effect), sentence(rule.remedy)].filter((text) => text !== "").join(" ")
  return {
    id: finding.code,
    name: nameOf(finding.code),
    shortDescription: { text: sentence(rule.title) },
    fullDescription: { text: sentence(rule.effect) || sentence(rule.title) },
    help: { text: help || sentence(rule.title) },
    ...helpUriOf(rule),
    defaultConfiguration: { level: levelOf[rule.level] },
    properties: {
      tags: ["istio", finding.code.split(".")[0] ?? ""],
      "problem.severity": severityOf[rule.level],
      aliases: rule.aliases,
    },
  }
}

function notifications({ problems, notEvaluated, skipped }: Result, where: Where): object[] {
  return [
    ...problems.map(({ file, line, column, level, message, remedy }) => ({
      level,
      message: { text: `${message}. ${remedy}.` },
      locations: [physical({ file, line, column }, where)],
    })),
    ...skipNotes(skipped).map((note) => ({ level: "note", message: { text: `${note}.` } })),
    ...notEvaluated.map(({ cluster, kind, reason, codes }) => ({
      level: "note",
      message: {
        text: `Not evaluated${cluster === "" ? "" : ` in ${cluster}`}: ${reason}, which ${kindName(kind)} would tell (${codes.join(", ")}).`,
      },
    })),
  ]
}

/** `root` is the folder of the repository: paths are told from there. */
export function sarifText(result: Result, root: string): string {
  const [seen] = result.seen
  const where: Where = { root, first: seen === undefined ? null : { file: seen.file, line: 1, column: 1 } }
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
            semanticVersion: about.version,
            rules: codes.flatMap((code) => {
              const first = rules.get(code)
              return first ? [ruleOf(first)] : []
            }),
          },
        },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: { [rootId]: { description: { text: "The root of the repository." } } },
        invocations: [
          {
            executionSuccessful: !result.problems.some(({ level }) => level === "error"),
            toolExecutionNotifications: notifications(result, where),
          },
        ],
        results: all.map((each) => resultOf(each, indexes.get(each.finding.code) ?? -1, where)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}
