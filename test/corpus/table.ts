import { allTables, corporaMissing } from "./tables.ts"

/** `npm run corpus`: what passes of the acceptance corpora. Exit 1 when something does not. */
if (corporaMissing !== null) {
  process.stderr.write(`${corporaMissing}\n`)
  process.exit(2)
}
const { tables, unused } = await allTables()
const rows = [["table", "cases", "passed", "deviations", "failed"]]
let failed = unused.length
for (const { table, outcomes } of tables) {
  const wrong = outcomes.filter(({ problems }) => problems.length > 0)
  const deviations = outcomes.reduce((sum, { used }) => sum + used.length, 0)
  rows.push([table, outcomes.length, outcomes.length - wrong.length, deviations, wrong.length].map(String))
  failed += wrong.length
  for (const { id, problems } of wrong)
    for (const problem of problems) process.stderr.write(`${table} ${id}: ${problem}\n`)
}
for (const one of unused)
  process.stderr.write(`unused deviation: ${one.corpus} ${one.case} ${one.code} ${one.resource}\n`)
const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
for (const row of rows)
  process.stdout.write(
    `${row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd()}\n`,
  )
process.exitCode = failed > 0 ? 1 : 0
