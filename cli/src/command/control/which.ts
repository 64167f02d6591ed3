import { type Command, Option } from "commander"
import type { Match } from "#shared/edit/form.ts"
import { matchOf } from "#shared/edit/line/match-text.ts"
import { usage } from "../../change/flags.ts"
import { UsageError } from "../../exit.ts"
import { again } from "../../flag.ts"

/** Which rule of a service's routes is meant. */
export type WhichFlags = { rule?: string; match?: string[] }

export const matchHelp = `
A match (-m) joins fields that must all hold by commas; repeated, one of them must hold. Texts are compared exactly, or by prefix or regex (RE2);
a comma of a value is written \\,:
  -m uri:prefix=/api,method=GET   -m header:x-user:regex=a.*   -m url=/cart   -m query:page=1   -m without-header:x-bot
  -m label:app=web   -m source-namespace=shop   -m gateway=istio-system/edge   -m port=9080   -m authority=shop.example`

export const withWhich = (command: Command): Command =>
  command
    .option("--rule <number>", "the rule of this number, from 1")
    .addOption(
      new Option(
        "-m, --match <match>",
        "the rule that matches this: uri:prefix=/api,header:x-user=ann",
      ).argParser(again),
    )

/** @throws UsageError */
export function numberOf(flag: string, text: string, wants = "a number from 1"): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) < 1) throw new UsageError(`${flag} "${text}": wants ${wants}`)
  return Number(text)
}

export const matchesOf = ({ match }: WhichFlags): Match[] =>
  (match ?? []).map((text) => usage(() => matchOf(text), "-m"))

/** Of the controls that take one match. @throws UsageError */
export function whichOf(flags: WhichFlags): { rule?: number; match?: Match } {
  const [match, ...more] = matchesOf(flags)
  if (more.length > 0)
    throw new UsageError("one -m says which rule; rules with several matches are made with smm routing set")
  return {
    ...(flags.rule === undefined ? {} : { rule: numberOf("--rule", flags.rule) }),
    ...(match === undefined ? {} : { match }),
  }
}
