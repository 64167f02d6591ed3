import { Argument, type Command, type Option } from "commander"
import { watchedKinds } from "#shared/kube/kinds.ts"
import type { Add } from "./add.ts"

/** What may follow a command path (`clusters add`): words, and its flags. */
type Place = { path: string; words: string[]; flags: readonly Option[] }

const help = { short: "-h", long: "--help" }

/** Every place of a command line where something is to be completed. Flags of a command stand behind its sub-commands too. */
export function placesOf(
  command: Command,
  path: readonly string[] = [],
  above: readonly Option[] = [],
): Place[] {
  const flags = [...command.options, ...above]
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  const kinds = path.join(" ") === "get" ? new Set(watchedKinds.map(({ plural }) => plural)) : []
  const words = [...command.commands.map((child) => child.name()), ...choices, ...kinds]
  return [
    { path: path.join(" "), words, flags },
    ...command.commands.flatMap((child) => placesOf(child, [...path, child.name()], flags)),
  ]
}

const longOf = ({ long }: Option): string[] => (long === undefined || long === null ? [] : [long])
const namesOf = ({ short, long }: Option): string[] =>
  [short, long].filter((name) => name !== undefined && name !== null)
const takesValue = ({ required, optional }: Option): boolean => required || optional

/** Flags by what may stand behind them; nothing for free text. */
function valuesOf(places: readonly Place[]): Map<string, string> {
  const flags = places.flatMap(({ flags }) => flags).filter(takesValue)
  return new Map(flags.map((flag) => [namesOf(flag).join("|"), (flag.argChoices ?? []).join(" ")]))
}

// Not `path` and not `words`: zsh has meanings for both.
function bash(places: readonly Place[]): string {
  const values = [...valuesOf(places)].map(([names, choices]) => `    ${names}) known="${choices}" ;;`)
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
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${values.join("\n")}
    *)
    for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
      case "\${place:+$place }$word" in
${paths.map((line) => `  ${line}`).join("\n")}
      esac
    done
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

function fishFlag(condition: string, { short, long, argChoices, ...flag }: Option): string {
  const names = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean).join(" ")
  const value = takesValue(flag as Option) ? ` -x -a "${(argChoices ?? []).join(" ")}"` : ""
  return `complete -c smm -f -n '${condition}' ${names}${value} -d "${flag.description.replaceAll('"', "'")}"`
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
