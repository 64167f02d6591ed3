import { Argument, type Command, type Option } from "commander"
import { mtlsVerbs } from "#shared/edit/line/intent-line.ts"
import { configKinds, watchedKinds } from "#shared/kube/kinds.ts"
import { allCodes } from "../rule-names.ts"
import type { Add } from "./add.ts"

/** What may follow a command path (`clusters add`): words, and its flags. `own` are those that stand behind it only. */
type Place = { path: string; words: string[]; flags: readonly Option[]; own: readonly Option[] }

const help = { short: "-h", long: "--help" }

const pluralsOf = (kinds: typeof watchedKinds): string[] => [...new Set(kinds.map(({ plural }) => plural))]

const actingKinds = (): string[] => pluralsOf(configKinds)

/** What an argument may be that has no choices of its own. */
const named: Readonly<Record<string, () => readonly string[]>> = {
  get: () => pluralsOf(watchedKinds),
  rules: allCodes,
  "findings suppress": allCodes,
  fix: allCodes,
  delete: actingKinds,
  "mtls set": () => Object.keys(mtlsVerbs),
}

/** Every place of a command line where something is to be completed. The program's flags stand behind its commands too, unless those have one of that name. */
export function placesOf(
  command: Command,
  path: readonly string[] = [],
  above: readonly Option[] = [],
): Place[] {
  const own = command.options
  const flags = [...own, ...above.filter((flag) => !own.some(({ long }) => long === flag.long))]
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  const others = named[path.join(" ")]?.() ?? []
  const words = [...command.commands.map((child) => child.name()), ...choices, ...others]
  return [
    { path: path.join(" "), words, flags, own },
    ...command.commands.flatMap((child) =>
      placesOf(child, [...path, child.name()], path.length === 0 ? flags : above),
    ),
  ]
}

const longOf = ({ long }: Option): string[] => (long === undefined || long === null ? [] : [long])
const namesOf = ({ short, long }: Option): string[] =>
  [short, long].filter((name) => name !== undefined && name !== null)
const takesValue = ({ required, optional }: Option): boolean => required || optional

const valuesByFlag: Readonly<Record<string, () => readonly string[]>> = {
  "--code": allCodes,
  "--kind": actingKinds,
}

const valuesOf = ({ long, argChoices }: Option): readonly string[] =>
  argChoices ?? valuesByFlag[long ?? ""]?.() ?? []

/** Patterns of "place flag" by what may stand behind it; nothing for free text. Those of a place come before the same flags of all places. */
function flagPatterns(places: readonly Place[]): [pattern: string, choices: string][] {
  return places.toReversed().flatMap(({ path, own }) =>
    own.filter(takesValue).map((flag): [string, string] => {
      const pattern = namesOf(flag).map((name) => (path === "" ? `*" ${name}"` : `"${path} ${name}"`))
      return [pattern.join("|"), valuesOf(flag).join(" ")]
    }),
  )
}

// Not `path` and not `words`: zsh has meanings for both.
function bash(places: readonly Place[]): string {
  const values = flagPatterns(places).map(([names, choices]) => `    ${names}) known="${choices}" ;;`)
  const paths = places
    .filter(({ path }) => path !== "")
    .map(({ path }) => `      "${path}") place="${path}" ;;`)
  const next = places.map(
    ({ path, words, flags }) =>
      `      "${path}") known="${[...words, ...flags.flatMap(longOf), help.long].join(" ")}" ;;`,
  )
  return `# source <(smm completion bash)
_smm() {
  local place="" known="" word
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    case "\${place:+$place }$word" in
${paths.join("\n")}
    esac
  done
  case "$place \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
    *)
    case "$place" in
${next.join("\n")}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$known" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _smm smm
`
}

const zsh = (places: readonly Place[]): string => `#compdef smm
# source <(smm completion zsh)
autoload -U +X compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
${bash(places)}`

function fishFlag(condition: string, flag: Option): string {
  const { short, long, description } = flag
  const names = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean).join(" ")
  const value = takesValue(flag) ? ` -x -a "${valuesOf(flag).join(" ")}"` : ""
  return `complete -c smm -f -n '${condition}' ${names}${value} -d "${description.replaceAll('"', "'")}"`
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words, flags }) => {
    const condition = `__smm_at "${path}"`
    return [
      ...(words.length > 0 ? [`complete -c smm -f -n '${condition}' -a "${words.join(" ")}"`] : []),
      ...flags.map((flag) => fishFlag(condition, flag)),
    ]
  })
  return `# smm completion fish | source
set -g __smm_places ${places.flatMap(({ path }) => (path === "" ? [] : [`"${path}"`])).join(" ")}
function __smm_at
  set -l place ""
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$place $word")
    contains -- "$next" $__smm_places; and set place $next
  end
  test "$place" = "$argv[1]"
end
complete -c smm -f
complete -c smm -s h -l help -d "display help for command"
${lines.join("\n")}
`
}

const shells = { bash, zsh, fish } as const

export function addCompletion({ program, io }: Add): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>").choices(Object.keys(shells)))
    .description("Print the shell's completion")
    .action((shell: keyof typeof shells) => io.out(shells[shell](placesOf(program))))
}
