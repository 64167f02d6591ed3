import { type Command, CommanderError } from "commander"
import { exitCode, exitCodeOf } from "./exit.ts"
import type { Io } from "./io.ts"

const valued = new Set(["-o", "--output", "--org", "--server", "--token"])

/** The arguments behind `validate` when that is the command, with the flags before it put behind; undefined when it is another. */
export function validateArguments(argv: readonly string[]): string[] | undefined {
  let at = 0
  while (argv[at]?.startsWith("-") === true && argv[at] !== "--") at += valued.has(argv[at] ?? "") ? 2 : 1
  return argv[at] === "validate" ? [...argv.slice(at + 1), ...argv.slice(0, at)] : undefined
}

/** Only what this command line needs is loaded: `smm validate` runs in every pull request, and the clients of the API take longer to load than it runs. */
async function programFor(
  argv: readonly string[],
  io: Io,
  done: (code: number) => void,
): Promise<{ program: Command; rest: readonly string[] }> {
  const rest = validateArguments(argv)
  if (rest) {
    const { validateProgram } = await import("./command/validate.ts")
    return { program: validateProgram(io, done), rest }
  }
  const { createProgram } = await import("./commands.ts")
  return { program: createProgram(io, done), rest: argv }
}

/** Runs `smm` with these arguments; answers the exit code and never throws. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code: number = exitCode.ok
  try {
    const { program, rest } = await programFor(argv, io, (result) => {
      code = result
    })
    await program.parseAsync(rest, { from: "user" })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    const said = error instanceof Error ? error.message : String(error)
    io.err(`smm: ${said}\n`)
    for (const { path, message } of issuesOf(error))
      if (!said.includes(message)) io.err(`  ${path}: ${message}\n`)
    return exitCodeOf(error)
  }
}

function issuesOf(error: unknown): { path: string; message: string }[] {
  const detail = (error as { detail?: { issues?: { path: string; message: string }[] } }).detail
  return detail?.issues ?? []
}
