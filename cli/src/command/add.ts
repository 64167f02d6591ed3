import type { Command } from "commander"
import { type Context, type GlobalFlags, openContext } from "../context.ts"
import { exitCode } from "../exit.ts"
import type { Io } from "../io.ts"

/** What a file of commands gets: where to hang them, and whom to tell the exit code. */
export type Add = { program: Command; io: Io; done: (code: number) => void }

/** An action that needs the server. Its answer is the exit code; nothing means ok. */
export const signedIn =
  <A extends unknown[]>(
    { io, done }: Add,
    action: (context: Context, ...rest: A) => Promise<number | undefined>,
  ) =>
  async (...args: [...A, unknown, Command]): Promise<void> => {
    const command = args.at(-1) as Command
    const context = await openContext(io, command.optsWithGlobals<GlobalFlags>())
    done((await action(context, ...(args.slice(0, -1) as unknown as A))) ?? exitCode.ok)
  }

/** Collects a flag that may be repeated or hold a list with commas. */
export const collect = (value: string, before: string[]): string[] => [
  ...before,
  ...value.split(",").filter((part) => part !== ""),
]
