import { join } from "node:path"
import type { Example, Family } from "#shared/validation/check.ts"
import type { Deviation } from "#shared/validation/deviation.ts"
import { families } from "#shared/validation/families.ts"
import type { Rule } from "#shared/validation/rule.ts"
import { allExamples } from "#test/validation/examples.ts"
import { listedInFamilies } from "#test/validation/family-files.ts"

/** Where the page is kept. */
export const pageFile = join(import.meta.dirname, "../../docs/validation.md")

/** Every deliberate difference from an anchor, as the families list them. */
export const allDeviations = (): Promise<Deviation[]> =>
  listedInFamilies<Deviation>("deviations.ts", ({ corpus }) => typeof corpus === "string")

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")
const code = (text: string): string => `\`${text}\``
const anchorOf = (text: string): string => text.replaceAll(/[^a-z0-9_-]/g, "")

const yamlBlock = (text: string): string => `\`\`\`yaml\n${text.trim()}\n\`\`\``

function ruleText(rule: Rule, example: Example | undefined): string {
  const lines = [
    `### ${code(rule.code)}`,
    "",
    `**${rule.title}.** ${rule.level}${rule.aliases.length > 0 ? `, also ${rule.aliases.map(code).join(", ")}` : ""}`,
    "",
    `${rule.effect}. *What to do:* ${rule.remedy}.${rule.source === undefined ? "" : ` [Source](${rule.source})`}`,
  ]
  if (example !== undefined)
    lines.push("", "<details><summary>Example</summary>", "", yamlBlock(example.fires), "", "</details>")
  return lines.join("\n")
}

/** By code: the order of a family's own list is that of modules, which loaders do not agree on. */
const rulesInOrder = ({ rules }: Family): Rule[] => [...rules].sort((a, b) => (a.code < b.code ? -1 : 1))

const tableOf = (family: Family): string =>
  [
    "| code | also known as | level | what it means |",
    "|---|---|---|---|",
    ...rulesInOrder(family).map(
      ({ code: own, aliases, level, title }) =>
        `| [${code(own)}](#${anchorOf(own)}) | ${aliases.join(", ")} | ${level} | ${cell(title)} |`,
    ),
  ].join("\n")

const deviationRow = ({ case: at, code: own, kind, resource, reason, issue }: Deviation): string =>
  `| ${code(cell(at))} | ${own} | ${cell(resource)} | ${kind === "missing" ? "expected there, not said here" : "said here, not expected there"} | ${cell(reason)}${issue === undefined ? "" : ` (${issue})`} |`

/** docs/validation.md, made from the rules themselves. */
export async function validationPage(): Promise<string> {
  const examples = await allExamples()
  const deviations = await allDeviations()
  const rules = families.flatMap((family) => family.rules)
  const aliases = new Set(rules.flatMap((rule) => rule.aliases))
  const count = (prefix: string): number => [...aliases].filter((alias) => alias.startsWith(prefix)).length
  const corpora = [...new Set(deviations.map(({ corpus }) => corpus))].sort()
  return [
    "# Validation",
    "",
    "This page is made from the rules (`npm run docs`); a test fails when it is old.",
    "",
    `One engine (\`shared/src/validation\`) with ${rules.length} rules runs in the agent, in the cloud, in the browser and in \`smm validate\`. It knows ${count("IST")} of \`istioctl analyze\`'s codes and ${count("KIA")} of Kiali's: a rule that says the same carries their codes as aliases, and every command takes either.`,
    "",
    "- **Levels.** `error`: traffic fails or the object is refused. `warning`: something is not as written. `info`: worth knowing.",
    '- **Not evaluated.** A kind that may not be read, is not installed or is out of date makes the rules that need it say so; it is never taken for "not there".',
    "- **Suppressing.** On the object: `smm.io/suppress: \"virtualservice.subset_unknown until 2026-12-31, IST0101\"` (or `*`); `galley.istio.io/analyze-suppress` and `kiali.io/ignore-validations` count as well. For the organization: on the page Validation, or `POST /api/v1/suppressions`. On the command line: `--suppress 'IST0101=VirtualService *.test-*'`. What is suppressed stays visible and counted.",
    "- **Fixes.** Where the remedy is certain, a finding carries it as a patch of plain objects. A test applies every one of them: it passes validation, removes the finding and adds none.",
    "",
    "```sh",
    "smm validate -f manifests/                     # a table; exit 1 when there is an error",
    "smm validate -f manifests/ -o sarif > out.sarif  # for code scanning; -o junit for CI",
    "smm validate -f change.yaml --against prod     # what a change would add and remove",
    "smm explain --via 'gateway istio-system/ingress-1' --host shop.example --path /cart -f manifests/",
    "```",
    "",
    ...families.flatMap((family) => [tableOf(family), ""]),
    "## Where we differ from the anchors",
    "",
    "The acceptance corpora of Istio and Kiali pass but for these, where they expect something that is not true. Each is held by a test, and an entry that is not needed any more fails.",
    "",
    ...corpora.flatMap((corpus) => [
      `### ${corpus}`,
      "",
      "| case | code | object | difference | reason |",
      "|---|---|---|---|---|",
      ...deviations.filter((one) => one.corpus === corpus).map(deviationRow),
      "",
    ]),
    "## The rules",
    "",
    ...families.flatMap((family) =>
      rulesInOrder(family).flatMap((rule) => [ruleText(rule, examples.get(rule.code)), ""]),
    ),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n")
}
