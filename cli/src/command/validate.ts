import { resolve } from "node:path"
import { Command, Option } from "commander"
import { AppError } from "#shared/error.ts"
import { families } from "#shared/validation/families.ts"
import { levels } from "#shared/validation/finding.ts"
import { UsageError, exitCode } from "../exit.ts"
import { again } from "../flag.ts"
import type { Io } from "../io.ts"
import { evaluate } from "../validate/evaluate.ts"
import { repositoryOf } from "../validate/files.ts"
import { type Input, readInput } from "../validate/input.ts"
import { jsonText } from "../validate/json.ts"
import { junitText } from "../validate/junit.ts"
import {
  type ValidateFlags,
  type ValidateOptions,
  isAtLeast,
  optionsOf,
  outputs,
} from "../validate/options.ts"
import type { Result } from "../validate/result.ts"
import { tellReading } from "../validate/tell.ts"
import { sarifText } from "../validate/sarif.ts"
import { paintFor, tableText } from "../validate/table.ts"
import type { Add } from "./add.ts"

const help = `
Needs no server and no sign-in, but for --against.

  smm validate -f manifests/
  helm template shop | smm validate -f -
  smm validate --cluster east=east/ --cluster west=west/ -o sarif > smm.sarif
  smm validate -f change.yaml --against prod

Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 usage, input that cannot be read, or no answer of the server`

function withOptions(command: Command): Command {
  return command
    .description("Find what is wrong in files, before or after they are in a cluster")
    .addOption(new Option("-f, --file <path>", "file, folder or - (stdin); repeated").argParser(again))
    .addOption(
      new Option("--cluster <name=path>", "files of one cluster of several; repeated").argParser(again),
    )
    .option("--mesh-config <file>", "MeshConfig, when no ConfigMap istio is among the files")
    .option("--mesh-networks <file>", "MeshNetworks, likewise")
    .option("--cluster-domain <domain>", "domain of Services (cluster.local)")
    .option("--root-namespace <namespace>", "where mesh-wide policies are (istio-system)")
    .option("--istio-namespace <namespace>", "where istiod runs", "istio-system")
    .option("--against <cluster>", "what the files would change in this live cluster")
    .addOption(
      new Option(
        "--suppress <code=glob>",
        'say nothing of a code: IST0101="VirtualService *.shop"; repeated',
      ).argParser(again),
    )
    .addOption(new Option("--fail-on <level>", "exit 1 from here on").choices(levels).default("error"))
    .option("--schema-only", "only what can be said of each object by itself")
    .addHelpText("after", help)
}

const output = (choices: readonly string[]): Option =>
  new Option("-o, --output <format>", "how to print").choices(choices).default("table")

/** As a part of `smm`, for its help and completion: `run` starts the program below for it. */
export function addValidate({ program, io, done }: Add): void {
  withOptions(program.command("validate"))
    .addOption(output(outputs))
    .action(async (flags: ValidateFlags) => {
      done(await validate(io, optionsOf(flags)))
    })
}

/** As a program of its own: it starts without the other commands, and knows other outputs. */
export function validateProgram(io: Io, done: (code: number) => void): Command {
  return withOptions(new Command("smm validate"))
    .addOption(output([...outputs, "wide"]))
    .option("--org <name>", "organization, for --against")
    .option("--server <url>", "address of the server, for --against (SMM_SERVER)")
    .option("--token <token>", "API token, for --against (SMM_TOKEN)")
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
    .showSuggestionAfterError()
    .allowExcessArguments()
    .action(async (flags: ValidateFlags & Server, { args }: Command) => {
      if (args.length > 0) throw new UsageError(`files are named by -f: smm validate -f ${args.join(" -f ")}`)
      done(await validate(io, optionsOf(flags), flags))
    })
}

type Server = { org?: string; server?: string; token?: string }

async function answer(io: Io, options: ValidateOptions, server: Server): Promise<Omit<Result, "elapsedMs">> {
  const input = await readInput(io, options)
  if (options.against === undefined) return evaluate(input, options, { families, nowMs: io.now() })
  return compared(io, input, { options, server, cluster: options.against })
}

type Compared = { options: ValidateOptions; server: Server; cluster: string }

/** @throws UsageError with what the server says: a pipeline has to know "there are findings" (1) from "it was not asked" (2), and nothing else. */
async function compared(
  io: Io,
  input: Input,
  { options, server, cluster }: Compared,
): Promise<Omit<Result, "elapsedMs">> {
  // Only here: reading files needs no client.
  const [{ openContext }, { evaluateAgainst }] = await Promise.all([
    import("../context.ts"),
    import("../validate/against.ts"),
  ])
  try {
    const { client } = await openContext(io, { ...server, output: "table" })
    return await evaluateAgainst(input, options, { client, cluster, nowMs: io.now() })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw new UsageError(`--against ${cluster}: ${error.message}`, { cause: error })
  }
}

/** A code that no rule has suppresses nothing: most likely it is mistyped. */
function tellUnknown(io: Io, { suppressions }: ValidateOptions): void {
  for (const { code } of suppressions) {
    const known =
      code === "*" ||
      families.some(({ rules }) => rules.some((rule) => rule.code === code || rule.aliases.includes(code)))
    if (!known) io.err(`note: --suppress ${code}: no rule has this code\n`)
  }
}

async function validate(io: Io, options: ValidateOptions, server: Server = {}): Promise<number> {
  const start = io.now()
  tellUnknown(io, options)
  const found = await answer(io, options, server)
  const result: Result = { ...found, elapsedMs: Math.round(io.now() - start) }
  tellReading(io, result.problems, result.skipped)
  if (result.objects === 0 && result.skipped.length > 0)
    throw new UsageError("nothing was validated: there is no Kubernetes object among the files")
  if (result.objects === 0 && result.problems.length === 0)
    io.err("note: there is no Kubernetes object among the files\n")
  io.out(textOf(io, options, result))
  if (result.problems.some(({ level }) => level === "error")) return exitCode.usage
  const fails = result.findings.some(({ finding }) => isAtLeast(finding.level, options.failOn))
  return fails ? exitCode.negative : exitCode.ok
}

function textOf(io: Io, { output }: ValidateOptions, result: Result): string {
  if (output === "json") return jsonText(result)
  if (output === "sarif") return sarifText(result, repositoryOf(resolve("")))
  if (output === "junit") return junitText(result)
  const columns = io.terminal?.out === true ? io.terminal.columns : undefined
  return tableText(result, { paint: paintFor(io, "out"), columns })
}
