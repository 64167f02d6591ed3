import { Command, CommanderError, Option } from "commander"
import { addCluster } from "./command/clusters.ts"
import { addCompletion } from "./command/completion.ts"
import { addGet } from "./command/get.ts"
import { addLogin } from "./command/login.ts"
import { addOrganization } from "./command/org.ts"
import { addServices, addWorkloads } from "./command/mesh.ts"
import { addStatus } from "./command/status.ts"
import { addTokens } from "./command/tokens.ts"
import { addTopology } from "./command/topology.ts"
import { exitCode, exitCodeOf } from "./exit.ts"
import type { Io } from "./io.ts"
import { formats } from "./output.ts"

/** The commands of `smm`. Each one answers its exit code through `done`. */
export function createProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command("smm")
    .description("Service Mesh Manager in a terminal")
    .addOption(new Option("-o, --output <format>", "how to print").choices(formats).default("table"))
    .option("--org <name>", "organization, when you are in several")
    .option("--server <url>", "address of the server (SMM_SERVER)")
    .option("--token <token>", "API token (SMM_TOKEN)")
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExit codes: 0 ok, 1 the answer is negative, 2 usage, 3 not authenticated, 4 denied or not found, 5 server unreachable",
    )
  const add = { program, io, done }
  addLogin(add)
  addStatus(add)
  addCluster(add)
  addTopology(add)
  addServices(add)
  addWorkloads(add)
  addGet(add)
  addTokens(add)
  addOrganization(add)
  addCompletion(add)
  return program
}

/** Runs `smm` with these arguments; answers the exit code and never throws. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code: number = exitCode.ok
  const program = createProgram(io, (result) => {
    code = result
  })
  inheritExit(program)
  try {
    await program.parseAsync(argv, { from: "user" })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    io.err(`smm: ${error instanceof Error ? error.message : String(error)}\n`)
    for (const { path, message } of issuesOf(error)) io.err(`  ${path}: ${message}\n`)
    return exitCodeOf(error)
  }
}

function issuesOf(error: unknown): { path: string; message: string }[] {
  const detail = (error as { detail?: { issues?: { path: string; message: string }[] } }).detail
  return detail?.issues ?? []
}

/** Sub-commands made with `addCommand` do not take over these settings by themselves. */
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command)
    inheritExit(child)
  }
}
