import type { ChangePreview } from "#shared/api/change.ts"
import type { FindingItem } from "#shared/api/validation.ts"
import { clean } from "../output.ts"
import type { Paint } from "../validate/table.ts"
import { kindName, refText } from "../validate/result.ts"
import { identityText } from "./identity.ts"
import { type ObjectChange, objectChanges, objectText } from "./objects.ts"
import { unifiedLines } from "./unified.ts"

type Cluster = ChangePreview["clusters"][number]
type Check = NonNullable<Cluster["check"]>

function painted(line: string, paint: Paint): string {
  const text = clean(line)
  if (text.startsWith("@@")) return paint("info", text)
  if (text.startsWith("+")) return paint("added", text)
  return text.startsWith("-") ? paint("removed", text) : text
}

const heads = ({ object, before, after }: ObjectChange): [string, string] => {
  const name = refText(object)
  return [before ? `--- now    ${name}` : "--- nothing", after ? `+++ after  ${name}` : "+++ nothing"]
}

/** The unified diff of an object. */
export const diffLines = (change: ObjectChange, paint: Paint): string[] => [
  ...heads(change).map((line) => paint("bold", clean(line))),
  ...unifiedLines(objectText(change.before), objectText(change.after)).map((line) => painted(line, paint)),
]

/** All diffs of a preview, cluster by cluster; the cluster is said where there are several. */
export function diffText({ steps, clusters }: ChangePreview, paint: Paint): string[] {
  const changes = objectChanges(steps)
  return clusters.flatMap(({ cluster, clusterName }) => {
    const own = changes.filter((change) => change.cluster === cluster)
    if (own.length === 0) return []
    const said = clusters.length > 1 ? [paint("bold", `# cluster ${clean(clusterName)}`)] : []
    return [...said, ...own.flatMap((change) => diffLines(change, paint))]
  })
}

const section = (title: string, lines: readonly string[], paint: Paint): string[] =>
  lines.length === 0 ? [] : ["", paint("bold", title), ...lines.map((line) => `  ${line}`)]

const findingLine = (sign: "+" | "-", { level, code, object, message }: FindingItem): string =>
  clean(`${sign} ${level} ${code}  ${refText(object)}: ${message}`)

function findingLines({ findings: { added, removed } }: ChangePreview, paint: Paint): string[] {
  if (added.length + removed.length === 0) return ["none appears, none disappears"]
  return [
    ...added.map((finding) => paint(finding.level, findingLine("+", finding))),
    ...removed.map((finding) => paint("added", findingLine("-", finding))),
  ]
}

const trafficLines = ({ traffic }: ChangePreview): string[] =>
  traffic.flatMap(({ sentences, certain }) =>
    sentences.map((sentence) =>
      clean(certain ? sentence : `${sentence} (by the mix of requests of the last minutes)`),
    ),
  )

const claims = {
  reverts: " and will revert this",
  rewrites: " and writes it again at its next run",
  yields: "",
  own: "",
} as const

const ownerLines = ({ owners }: Check): string[] =>
  owners
    .filter(({ claim }) => claim !== "own")
    .map(({ manager, path, object, claim }) =>
      clean(`${manager} owns ${path} of ${refText(object)}${claims[claim]}`),
    )

const accessLines = ({ access }: Check): string[] =>
  access.flatMap(({ verb, kind, namespace, allowed, reason, grant }) => {
    const place = namespace === "" ? "" : ` in ${namespace}`
    if (allowed) return [clean(`may ${verb} ${kindName(kind)}${place}`)]
    return [
      clean(`may not ${verb} ${kindName(kind)}${place}: ${reason}`),
      ...(grant === null ? [] : grant.split("\n").map((line) => clean(`  an admin allows it with: ${line}`))),
    ]
  })

function dryRunLines({ dryRun }: Check): string[] {
  const bad = dryRun.filter(({ state }) => state !== "passed")
  if (bad.length === 0) return dryRun.length === 0 ? [] : ["the cluster would take it (dry run)"]
  return bad.map(({ state, message }) =>
    clean(state === "refused" ? `the cluster refuses it: ${message}` : `no dry run: ${message}`),
  )
}

function clusterLines(cluster: Cluster): string[] {
  const { check } = cluster
  if (check === null) return [`not asked (link ${cluster.link})`]
  if (check.failure) return [clean(check.failure.message)]
  return [...new Set([...accessLines(check), ...ownerLines(check), ...dryRunLines(check)])]
}

const clusterSections = ({ clusters }: ChangePreview, paint: Paint): string[] =>
  clusters.flatMap((cluster) => {
    const { clusterName, mode, check } = cluster
    const title = clean(`In ${clusterName}, ${identityText(mode, check?.as ?? null)}`)
    return section(title, clusterLines(cluster), paint)
  })

const remedies: Readonly<Record<string, string>> = {
  "change.conflict": "; --take-over takes these fields, --drop-conflicts leaves them out",
  "agent.away": "; --queue 1h keeps it until the agent is back",
}

/** There is nothing to do: no fault of the change. */
const isEmpty = ({ code }: { code: string }): boolean => code === "change.empty"

/** Whether it can be applied, or there is nothing left to apply. */
export const isPossible = ({ refused, blockers }: ChangePreview): boolean =>
  refused.length === 0 && blockers.every(isEmpty)

/** What stands in its way, each once: what cannot be planned is a blocker too. */
function blockerLines({ refused, blockers }: ChangePreview, paint: Paint): string[] {
  const said = [
    ...refused.map(({ clusterName, message }) => `${clusterName}: ${message}`),
    ...blockers
      .filter((blocker) => !isEmpty(blocker))
      .map(({ code, message }) => `${message}${remedies[code] ?? ""}`),
  ]
  return [...new Set(said)].map((line) => paint("error", clean(line)))
}

/** Everything that a person wants to know before it is applied. */
export function previewText(preview: ChangePreview, paint: Paint): string {
  const { title, steps, warnings } = preview
  const lines = [
    paint("bold", clean(title)),
    ...(steps.length === 0 ? ["Nothing would change"] : diffText(preview, paint)),
    ...section("Findings", findingLines(preview, paint), paint),
    ...section("Traffic", trafficLines(preview), paint),
    ...clusterSections(preview, paint),
    ...section(
      "Warnings",
      warnings.map(({ message }) => paint("warning", clean(message))),
      paint,
    ),
    ...section("Not possible", blockerLines(preview, paint), paint),
  ]
  return `${lines.join("\n")}\n`
}
