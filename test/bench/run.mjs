// Prints every figure as a table, with the floor or peer measured in the same run beside it. Not a test: nothing fails on time.
//   npm run bench [-- NAME...]     only the benchmarks whose file name starts so
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildWeb } from "../../cli/start/build.mjs"
import { ensureInstalled, node24, root } from "../../cli/start/install.mjs"

ensureInstalled((line) => console.error(line))
const folder = join(root, "test/bench")
const wanted = process.argv.slice(2)
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".bench.ts"))
  .filter((name) => wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)))
  .sort()
if (names.length === 0) {
  console.error(`no benchmark's name starts with ${wanted.join(" or ")}`)
  process.exit(2)
}
/** These look at the console. */
if (names.some((name) => ["pixel", "graph", "editor"].some((prefix) => name.startsWith(prefix))))
  await buildWeb({ say: (line) => console.error(line) }).catch((error) => {
    console.error(error.message)
    process.exit(1)
  })
const work = mkdtempSync(join(tmpdir(), "smm-bench-"))
const rows = []
let failed = 0

for (const name of names) {
  const out = join(work, `${name}.json`)
  console.error(`${name} (${names.indexOf(name) + 1} of ${names.length})`)
  const code = await new Promise((resolve) => {
    const child = spawn(node24(), ["--expose-gc", join(folder, name)], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, SMM_BENCH_OUT: out },
    })
    child.on("close", resolve)
  })
  if (code === 0) rows.push(...JSON.parse(readFileSync(out, "utf8")))
  else {
    failed += 1
    rows.push({ quantity: name, reach: "", measured: `failed with ${code}`, floor: "", note: "" })
  }
}
rmSync(work, { recursive: true, force: true })

const columns = ["quantity", "reach", "measured", "floor", "note"]
const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => row[column].length)))
const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`
console.log(line(columns))
console.log(line(widths.map((width) => "-".repeat(width))))
for (const row of rows) console.log(line(columns.map((column) => row[column])))
process.exit(failed === 0 ? 0 : 1)
