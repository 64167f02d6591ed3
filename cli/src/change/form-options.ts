import { type Command, Option } from "commander"
import { type FlagValues, type FormFlag, readFlags } from "#shared/edit/line/form-flag.ts"
import { again } from "../flag.ts"
import { usage } from "./flags.ts"

const optionOf = ({ name, value, words, choices, many }: FormFlag): Option => {
  const option = new Option(`--${name} <${value}>`, words)
  if (choices) option.choices(choices)
  // Read by the flag's own reader, which says what it wants.
  return many === undefined ? option.argParser((text: string) => text) : option.argParser(again)
}

/** The flags of a form on a command. */
export function withFormFlags(command: Command, table: readonly FormFlag[]): Command {
  for (const flag of table) command.addOption(optionOf(flag))
  return command
}

/** What was said with them: a part of the form. @throws UsageError with the flag, its value and what it wants */
export function saidIn(table: readonly FormFlag[], flags: object): Record<string, unknown> {
  const given: Record<string, string | string[]> = {}
  for (const flag of table) {
    const value = (flags as FlagValues)[optionOf(flag).attributeName()]
    if (value !== undefined) given[flag.name] = value as string | string[]
  }
  return usage(() => readFlags(table, given))
}
