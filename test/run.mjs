// The one test command: installs what is missing, then format, lint, types, and every suite. Last line: `N passed, N failed`.
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { ensureInstalled, node24, root } from "../cli/start/install.mjs"
import { failuresOf } from "./report.mjs"

ensureInstalled((line) => console.log(line))
const node = node24()
const bin = (name) => join(root, "node_modules", name)
const work = mkdtempSync(join(tmpdir(), "smm-test-"))
const report = join(work, "vitest.json")
const env = {
  ...process.env,
  PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  SMM_SKIPS: join(work, "skips"),
}

/** Runs a step; its output is shown when it fails, or always with `loud`. */
function step(name, args, { loud = false } = {}) {
  const begin = Date.now()
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    const take = (chunk) => (loud ? process.stdout.write(chunk) : (output += chunk))
    child.stdout.on("data", take)
    child.stderr.on("data", take)
    child.on("close", (code) => {
      console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`)
      if (code !== 0 && !loud) console.log(output)
      resolve({ name, ok: code === 0 })
    })
  })
}

const results = []
results.push(await step("format", [bin("prettier/bin/prettier.cjs"), "--check", "--log-level=warn", "."]))
results.push(
  ...(await Promise.all([
    step("lint", [bin("eslint/bin/eslint.js"), ".", "--max-warnings=0"]),
    step("types", [bin("typescript/bin/tsc"), "-p", "tsconfig.json"]),
  ])),
)
if (existsSync(join(root, "web", "package.json")) || existsSync(join(root, "web", "src"))) {
  results.push(await step("console: build", [join(root, "cli/start/build.mjs"), "web"]))
  results.push(
    await step("console: types", [
      bin("svelte-check/bin/svelte-check"),
      "--workspace",
      "web",
      "--threshold",
      "error",
    ]),
  )
}
results.push(
  await step(
    "suites",
    [bin("vitest/vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    { loud: true },
  ),
)

const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : null
const skips = existsSync(env.SMM_SKIPS)
  ? [...new Set(readFileSync(env.SMM_SKIPS, "utf8").trim().split("\n"))]
  : []
if (skips.length > 0) console.log(`\nNot run here:\n${skips.map((line) => `  ${line}`).join("\n")}`)
rmSync(work, { recursive: true, force: true })

const suites = results.find(({ name }) => name === "suites")
const steps = results.filter((result) => result !== suites)
const passed = steps.filter(({ ok }) => ok).length + (counts?.numPassedTests ?? 0)
const failedTests = failuresOf(counts)
let failed = steps.filter(({ ok }) => !ok).length + failedTests
if (!suites.ok && failedTests === 0) failed += 1
if (process.env.SMM_REQUIRE_REAL === "1" && skips.length > 0) {
  console.log("SMM_REQUIRE_REAL=1: a part that is not here counts as failed")
  failed += skips.length
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
