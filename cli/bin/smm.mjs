#!/usr/bin/env node
// Plain JavaScript for Node >= 20: hands over to Node 24.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { ensureInstalled, node24, root } from "../start/install.mjs"

try {
  ensureInstalled((line) => process.stderr.write(`${line}\n`))
  const child = spawn(node24(), [join(root, "cli/src/main.ts"), ...process.argv.slice(2)], {
    stdio: "inherit",
  })
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
  child.on("close", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)))
} catch (error) {
  process.stderr.write(`smm: ${error.message}\n`)
  process.exit(2)
}
