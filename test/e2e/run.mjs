// End to end: cloud, agents and console as own processes on a real API server, a real Prometheus and a real browser.
// Last line: `N passed, N failed`.
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { buildWeb } from "../../cli/start/build.mjs"
import { ensureInstalled, node24, root } from "../../cli/start/install.mjs"
import { failuresOf } from "../report.mjs"

const say = (line) => console.log(line)
ensureInstalled(say)
try {
  await buildWeb({ say })
} catch (error) {
  console.log(error.message)
  console.log("0 passed, 1 failed")
  process.exit(1)
}
const node = node24()
const work = mkdtempSync(join(tmpdir(), "smm-e2e-"))
const report = join(work, "vitest.json")
const skipFile = join(work, "skips")
const child = spawn(
  node,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--config=test/e2e/vitest.config.ts",
    "--reporter=verbose",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, SMM_SKIPS: skipFile },
  },
)
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
const code = await new Promise((resolve) => child.once("close", (exit) => resolve(exit ?? 1)))

const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : null
const skips = existsSync(skipFile) ? [...new Set(readFileSync(skipFile, "utf8").trim().split("\n"))] : []
rmSync(work, { recursive: true, force: true })
if (skips.length > 0) console.log(`\nNot run here:\n${skips.map((line) => `  ${line}`).join("\n")}`)
let failed = failuresOf(counts)
if (code !== 0 && failed === 0) failed = 1
if (process.env.SMM_REQUIRE_REAL === "1") failed += skips.length
console.log(`${counts?.numPassedTests ?? 0} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
