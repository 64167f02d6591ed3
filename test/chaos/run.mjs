// Changes under kills of agent, cloud and database: npm run chaos [-- --changes N --kills N --seed N]. Exit 1 when one is lost or done twice.
import { spawn } from "node:child_process"
import { join } from "node:path"
import { ensureInstalled, node24, root } from "../../cli/start/install.mjs"

ensureInstalled((line) => console.error(line))
const child = spawn(node24(), [join(root, "test/chaos/main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
})
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
child.on("close", (code) => process.exit(code ?? 1))
