// Plain JavaScript for Node >= 20: installs what is missing, then runs a main under Node 24 as if it were this process.
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { join } from "node:path"
import { ensureInstalled, node24, root } from "./install.mjs"
import { onOrphaned } from "./parents.mjs"

const withParent = fileURLToPath(new URL("with-parent.mjs", import.meta.url))

/** Runs `main` with this process's arguments and ends as it ends: with its exit code, on its signals, and not without it. */
export function handOver(main) {
  try {
    ensureInstalled((line) => process.stderr.write(`${line}\n`))
    const child = spawn(node24(), ["--import", withParent, join(root, main), ...process.argv.slice(2)], {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    })
    const numbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }
    for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
    onOrphaned(() => child.kill("SIGTERM"))
    child.on("close", (code, signal) => process.exit(code ?? 128 + (numbers[signal] ?? 0)))
  } catch (error) {
    process.stderr.write(`smm: ${error.message}\n`)
    process.exit(2)
  }
}
