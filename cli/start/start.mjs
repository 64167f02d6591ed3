// `npm start`. Plain JavaScript for Node >= 20: installs what is missing, then hands over to Node 24.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { ensureInstalled, node24, root } from "./install.mjs"

try {
  ensureInstalled((line) => process.stderr.write(`${line}\n`))
  const child = spawn(node24(), [join(root, "cli/start/main.ts"), ...process.argv.slice(2)], {
    stdio: "inherit",
  })
  // Ctrl-C reaches the child by itself; a kill of this process alone does not.
  process.on("SIGINT", () => {})
  process.on("SIGTERM", () => child.kill("SIGTERM"))
  child.on("close", (code) => process.exit(code ?? 1))
} catch (error) {
  process.stderr.write(`smm: ${error.message}\n`)
  process.exit(2)
}
