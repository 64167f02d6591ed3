import { type Command, Option } from "commander"
import type { ChangeRequestInput } from "#shared/api/change.ts"
import { FlagFault } from "#shared/edit/line/fault.ts"
import { guardOf } from "#shared/edit/line/guard-text.ts"
import { spanMs } from "#shared/edit/line/span.ts"
import { UsageError } from "../exit.ts"
import { again } from "../flag.ts"
import type { Io } from "../io.ts"
import { textOf } from "../validate/files.ts"
import { collect } from "../command/add.ts"

/** What every command that changes something takes. */
export type ChangeFlags = {
  cluster: string[]
  yes?: true
  dryRun?: true
  takeOver?: true
  dropConflicts?: true
  undoIf?: string[]
  expires?: string
  queue?: string
  assertionFile?: string
}

export const clusterOption = (words: string): Option =>
  new Option("--cluster <name>", words).default([]).argParser(collect)

export const withChangeFlags = (command: Command, where = "where, when several have it; repeated"): Command =>
  command
    .addOption(clusterOption(where))
    .option("-y, --yes", "apply without asking; prints the change's id")
    .option("--dry-run", "show what it would do, checked by the cluster; exit 1 when it cannot be applied")
    .addOption(
      new Option(
        "--undo-if <bound>",
        'undo by itself: "errors > 2% for 2m within 30m", "p95 > 500ms for 2m"',
      ).argParser(again),
    )
    .option("--expires <time>", "undo by itself after so long: 10m, 2h, 1d")
    .option("--take-over", "take fields that others own, who would put them back")
    .option("--drop-conflicts", "leave those fields out of the change")
    .option("--queue <time>", "when the agent is away, keep it for so long: 1h, at most 24h")
    .option("--assertion-file <file>", "your own signed token, where a cluster demands one (SMM_ASSERTION)")

/** Turns what a reader of shared says into a usage error. */
export function usage<T>(read: () => T, flag?: string): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof FlagFault)
      throw new UsageError(flag === undefined ? error.message : `${flag} ${error.message}`, { cause: error })
    throw error
  }
}

type Bounds = { least: number; most: number; wants: string }

/** @throws UsageError with the flag and its value */
export function spanOf(flag: string, text: string, { least, most, wants }: Bounds): number {
  const ms = spanMs(text)
  if (ms === undefined || ms < least || ms > most) throw new UsageError(`${flag} "${text}": wants ${wants}`)
  return ms
}

const second = 1_000
const day = 86_400_000
const expiry: Bounds = { least: second, most: 30 * day, wants: "a time from 1s to 30d, as 10m, 2h or 1d" }
const queueing: Bounds = { least: second, most: day, wants: "a time up to 24h, as 30m or 1h" }

/** @throws UsageError */
export function assertionOf(io: Io, { assertionFile }: Pick<ChangeFlags, "assertionFile">): string | null {
  const text = assertionFile === undefined ? io.env["SMM_ASSERTION"] : textOf(assertionFile)
  const assertion = text?.trim() ?? ""
  if (assertion === "" && assertionFile !== undefined) throw new UsageError(`${assertionFile} is empty`)
  if (assertion !== "" && !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(assertion))
    throw new UsageError(
      `${assertionFile ?? "SMM_ASSERTION"} holds no signed token (a JWT: three parts with dots between)`,
    )
  return assertion === "" ? null : assertion
}

type Wishes = Pick<ChangeRequestInput, "conflicts" | "guard" | "expiresInMs" | "queueUntil" | "assertion">

/** What the flags ask for beside the change itself. @throws UsageError */
export function wishesOf(io: Io, flags: ChangeFlags): Wishes {
  if (flags.takeOver && flags.dropConflicts)
    throw new UsageError("--take-over and --drop-conflicts say the opposite; write one of them")
  if (flags.yes && flags.dryRun)
    throw new UsageError("--yes applies and --dry-run only looks; write one of them")
  return {
    conflicts: flags.takeOver ? "take-over" : flags.dropConflicts ? "drop" : "ask",
    guard: usage(() => guardOf(flags.undoIf ?? []), "--undo-if"),
    expiresInMs: flags.expires === undefined ? null : spanOf("--expires", flags.expires, expiry),
    queueUntil: flags.queue === undefined ? null : io.now() + spanOf("--queue", flags.queue, queueing),
    assertion: assertionOf(io, flags),
  }
}
