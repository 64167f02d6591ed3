import type { Command } from "commander"
import { watchedKinds } from "#shared/kube/kinds.ts"
import { UsageError } from "../exit.ts"
import type { Add } from "./add.ts"

/** Words that may follow each command path (`clusters` -> `add list remove --help ...`). */
export function wordsOf(command: Command, path: readonly string[] = []): Map<string, string[]> {
  const flags = command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]))
  const kinds = path.join(" ") === "get" ? [...new Set(watchedKinds.map(({ plural }) => plural))] : []
  const words = new Map([
    [path.join(" "), [...command.commands.map((child) => child.name()), ...kinds, ...flags, "--help"]],
  ])
  for (const child of command.commands)
    for (const [key, value] of wordsOf(child, [...path, child.name()])) words.set(key, value)
  return words
}

const cases = (words: Map<string, string[]>): string =>
  [...words].map(([path, next]) => `    "${path}") words="${next.join(" ")}" ;;`).join("\n")

const bash = (words: Map<string, string[]>): string => `# source <(smm completion bash)
_smm() {
  local path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases(words)}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _smm smm
`

const zsh = (words: Map<string, string[]>): string => `#compdef smm
# source <(smm completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bash(words)}`

const fish = (words: Map<string, string[]>): string => {
  const lines = [...words].map(([path, next]) => {
    const condition = path === "" ? "__fish_use_subcommand" : `__smm_path "${path}"`
    return `complete -c smm -f -n '${condition}' -a "${next.join(" ")}"`
  })
  return `# smm completion fish | source
function __smm_path
  set -l words (string match -v -- "-*" (commandline -opc))
  test "$words[2..-1]" = "$argv[1]"
end
${lines.join("\n")}
`
}

const shells: Record<string, (words: Map<string, string[]>) => string> = { bash, zsh, fish }

export function addCompletion({ program, io }: Add): void {
  program
    .command("completion")
    .argument("<shell>", "bash, zsh or fish")
    .description("Print the shell's completion")
    .action((shell: string) => {
      const text = shells[shell]
      if (!text) throw new UsageError(`no completion for "${shell}"; there is bash, zsh and fish`)
      io.out(text(wordsOf(program)))
    })
}
