import { homedir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline/promises"
import { text } from "node:stream/consumers"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { configPath, createConfigFile } from "./config.ts"
import { readLocal } from "./local.ts"
import { run } from "./program.ts"

const localFile = join(fileURLToPath(new URL("../..", import.meta.url)), ".smm", "local.json")

/** On standard error: what a command prints may go into a file. Ctrl-D, and Ctrl-C, is no answer. */
async function ask(question: string): Promise<string> {
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await asking.question(question)
  } catch {
    return ""
  } finally {
    asking.close()
  }
}

/** A reader that has seen enough (`| head`) is no fault. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
})

/** Runs `smm` as this process. Answers its exit code. */
export const main = (argv: readonly string[]): Promise<number> =>
  run(argv, {
    out: (line) => process.stdout.write(line),
    err: (line) => process.stderr.write(line),
    env: process.env,
    fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(30_000) }),
    now: Date.now,
    sleep: (ms) => delay(ms),
    readInput: () => text(process.stdin),
    isTerminal: process.stdin.isTTY === true,
    ask,
    terminal: {
      out: process.stdout.isTTY === true,
      err: process.stderr.isTTY === true,
      // Zero where a terminal does not tell.
      columns: process.stdout.columns || undefined,
    },
    config: createConfigFile(configPath(process.env, homedir())),
    readLocal: () => readLocal(localFile),
  })
