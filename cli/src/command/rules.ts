import { Option } from "commander"
import { rulesByCode } from "#shared/validation/families.ts"
import { type Level, levels } from "#shared/validation/finding.ts"
import type { Rule } from "#shared/validation/rule.ts"
import type { GlobalFlags } from "../context.ts"
import { NotFoundError, exitCode } from "../exit.ts"
import { type Column, print } from "../output.ts"
import { rulesNamed, unknownCode } from "../rule-names.ts"
import type { Add } from "./add.ts"

type Flags = { query?: string; level?: Level }

const columns: Column<Rule>[] = [
  { head: "CODE", cell: ({ code }) => code },
  { head: "LEVEL", cell: ({ level }) => level },
  { head: "ALIASES", cell: ({ aliases }) => aliases.join(",") || "-" },
  { head: "TITLE", cell: ({ title }) => title },
  { head: "SOURCE", cell: ({ source }) => source ?? "-", wide: true },
]

/** A rule for people. */
function ruleText({ code, aliases, level, title, effect, remedy, source }: Rule): string {
  const rows: [string, string][] = [
    ["Code", code],
    ["Aliases", aliases.join(", ")],
    ["Level", level],
    ["Title", title],
    ["Effect", effect],
    ["Remedy", remedy],
    ["Source", source ?? ""],
  ]
  const shown = rows.filter(([, text]) => text !== "")
  return `${shown.map(([head, text]) => `${head.padEnd(9)}${text}`).join("\n")}\n`
}

/** The same document as the API's listRules. */
const documentOf = (rules: readonly Rule[]): object => ({
  items: rules.map((rule) => ({ ...rule, source: rule.source ?? null })),
})

function matching({ query, level }: Flags): Rule[] {
  const wanted = query?.trim().toLowerCase() ?? ""
  return [...rulesByCode.values()]
    .filter((rule) => level === undefined || rule.level === level)
    .filter(({ code, aliases, title, effect, remedy }) =>
      [code, ...aliases, title, effect, remedy].some((text) => text.toLowerCase().includes(wanted)),
    )
    .sort((a, b) => (a.code < b.code ? -1 : 1))
}

export function addRules({ program, io, done }: Add): void {
  program
    .command("rules")
    .argument("[code]", "one rule's code, or all of an anchor's: IST0101, KIA1107")
    .option("-q, --query <text>", "part of what a rule says")
    .addOption(new Option("--level <level>", "only these").choices(levels))
    .description("What the rules of validation mean; without a server")
    .action((code: string | undefined, flags: Flags, command: { optsWithGlobals: () => GlobalFlags }) => {
      const { output } = command.optsWithGlobals()
      const rules = code === undefined ? matching(flags) : rulesNamed(code)
      if (code !== undefined && rules.length === 0) throw new NotFoundError(unknownCode(code))
      if (code !== undefined && output === "table") io.out(rules.map(ruleText).join("\n"))
      else print(io, output, documentOf(rules), { rows: rules, columns, empty: "No rule says that" })
      done(exitCode.ok)
    })
}
