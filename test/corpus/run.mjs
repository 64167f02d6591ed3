// npm run corpus: with Node 24, whichever runs this.
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { ensureInstalled, node24, root } from "../../cli/start/install.mjs"

ensureInstalled((line) => console.error(line))
const { status } = spawnSync(node24(), [join(root, "test/corpus/table.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
})
process.exit(status ?? 1)
