import { join } from "node:path"
import { Command, type Option } from "commander"
import { withChangeFlags } from "#cli/change/flags.ts"
import { createProgram } from "#cli/commands.ts"
import { noIo } from "#cli/testing.ts"

/** Where the page is kept. */
export const cliPageFile = join(import.meta.dirname, "../../docs/cli.md")

const cell = (text: string): string =>
  text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;")
const code = (text: string): string => `\`${text}\``

const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()

/** What a command says behind its own help: examples, exit codes. */
function behindHelp(command: Command): string {
  let all = ""
  command.configureOutput({ writeOut: (text) => (all += text) })
  command.outputHelp()
  return all.slice(command.helpInformation().length).replace(/^\n+/, "").trimEnd()
}

const changeFlags = new Set(withChangeFlags(new Command()).options.map(({ flags }) => flags))

const isShown = (value: unknown): boolean =>
  value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0)

function meaningOf({ description, argChoices, defaultValue }: Option): string {
  const notes = [
    ...(argChoices ? [argChoices.join(", ")] : []),
    ...(isShown(defaultValue) ? [`default ${String(defaultValue)}`] : []),
  ]
  return cell(notes.length === 0 ? description : `${description} (${notes.join("; ")})`)
}

const table = (head: string, rows: readonly string[]): string[] =>
  rows.length === 0 ? [] : ["", `| ${head} | |`, "|---|---|", ...rows]

const flagTable = (options: readonly Option[]): string[] =>
  table(
    "flag",
    options.map((option) => `| ${code(option.flags.replaceAll("|", "\\|"))} | ${meaningOf(option)} |`),
  )

const argumentTable = (command: Command): string[] =>
  table(
    "argument",
    command.registeredArguments
      .filter(({ description, argChoices }) => description !== "" || argChoices !== undefined)
      .map((argument) => {
        const choices = argument.argChoices ? ` (${argument.argChoices.join(", ")})` : ""
        return `| ${code(argument.name())} | ${cell(`${argument.description}${choices}`)} |`
      }),
  )

function commandText(command: Command): string[] {
  const changes = command.options.some(({ long }) => long === "--take-over")
  const own = command.options.filter(({ flags }) => !changes || !changeFlags.has(flags))
  const behind = behindHelp(command)
  const alias = command.aliases().length === 0 ? "" : ` Also ${command.aliases().map(code).join(", ")}.`
  return [
    `### ${pathOf(command)}`,
    "",
    `${cell(command.description())}.${alias}`,
    "",
    code(`${pathOf(command)} ${command.usage()}`),
    ...argumentTable(command),
    ...flagTable(own),
    ...(changes ? ["", "And the [flags of every change](#flags-of-every-change)."] : []),
    ...(behind === "" ? [] : ["", "```text", behind, "```"]),
    "",
  ]
}

/** Those that do something, in the order of the program. */
const leaves = (command: Command): Command[] =>
  command.commands.flatMap((child) => {
    const below = leaves(child)
    const does = child.commands.length === 0 || child.registeredArguments.length + child.options.length > 0
    return does ? [child, ...below] : below
  })

/** docs/cli.md, made from the program itself. */
export function cliPage(): string {
  const program = createProgram(noIo, () => undefined)
  return [
    "# Command line",
    "",
    "This page is made from the program (`npm run docs`); a test fails when it is old.",
    "",
    "`smm login` signs in, or set `SMM_SERVER` and `SMM_TOKEN`. A service is `NAMESPACE/SERVICE`, with `--cluster NAME` where several clusters have it; `--cluster` repeated carries a change through several, one after the other.",
    "",
    "```sh",
    "smm shift set bookinfo/reviews v1=80 v3=20 --yes              # subsets are made if missing; prints the id of the change",
    "smm routing get bookinfo/reviews -o json",
    "smm fault set bookinfo/ratings --abort 503 --percent 50 --expires 10m --yes",
    "smm mirror set bookinfo/reviews --to v3 --percent 10 -o yaml  # plain objects, nothing applied",
    "smm circuit-breaker set bookinfo/details --max-connections 10 --consecutive-5xx 3 --yes",
    "smm mtls require bookinfo --dry-run",
    "smm diff -f change.yaml; smm apply -f change.yaml --yes -o json",
    "smm history bookinfo/reviews; smm undo CHANGE --yes",
    "```",
    "",
    "## How a change goes",
    "",
    "- In a terminal, the preview is shown and asked for: the diff of every object, findings that appear and disappear, the effect on traffic, who owns the fields, what you may do, and what the cluster itself says of it (a dry run).",
    "- `--yes` applies without asking. The first line on standard output is the change's id, words go to standard error; with `-o json` or `-o yaml` the change is printed, with `id`, `state` and `steps`. Nothing to change is no fault.",
    "- `--dry-run` prints the preview and exits 0 when it could be applied, 1 when not.",
    "- `-o yaml` or `-o json` without `--yes` prints the plain objects that the change would leave, as a person would commit them, and applies nothing.",
    "- Without a terminal, one of `--yes`, `--dry-run` and `-o` is wanted.",
    "- `set` of circuit-breaker, load-balancing and routing keeps what is not named (`--replace` does not), and is refused when somebody changed it between reading and writing. `set` of the others says all of it.",
    "- `get -o yaml` prints a form that `set -f` reads.",
    "",
    "## Flags of every change",
    ...flagTable(withChangeFlags(new Command()).options),
    "",
    "## Flags of every command",
    ...flagTable(program.options),
    "",
    "## Exit codes",
    "",
    "| code | |",
    "|---|---|",
    "| 0 | ok |",
    "| 1 | the answer is negative: the change failed, findings, a difference that was asked for |",
    "| 2 | usage: the message says which value, and what to write |",
    "| 3 | not authenticated |",
    "| 4 | denied (by us, or by Kubernetes), or not found |",
    "| 5 | server unreachable |",
    "",
    "## Commands",
    "",
    ...leaves(program).flatMap(commandText),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n")
}
