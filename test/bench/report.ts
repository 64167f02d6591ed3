import { writeFileSync } from "node:fs"
import { availableParallelism, loadavg } from "node:os"

/** A line of the table. `floor` is what was measured beside it in the same run; `reach` is what the issue asks for. */
export type Row = { quantity: string; reach: string; measured: string; floor: string; note: string }

/** Hands the rows to run.mjs, or prints them when the file is run by itself. */
export function report(rows: readonly Row[]): void {
  const out = process.env["SMM_BENCH_OUT"]
  if (out) writeFileSync(out, JSON.stringify(rows))
  else console.table(rows)
}

/** The line of what could not be measured here: what is missing, and how to get it. */
export const notRun = (quantity: string, reach: string, missing: string): Row => ({
  quantity,
  reach,
  measured: "not run",
  floor: "-",
  note: missing,
})

/** Says on stderr what is under way. */
export const progress = (words: string): void => void process.stderr.write(`  ${words}\n`)

/** A row's remark when others had the machine meanwhile; empty when it was quiet. */
export function loadNote(): string {
  const [minute = 0] = loadavg()
  return minute > availableParallelism()
    ? `; load average ${minute.toFixed(1)} on ${availableParallelism()} cores`
    : ""
}

/** The value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

/** Milliseconds of each of `runs` calls, after two that are not counted. */
export async function time(runs: number, work: () => unknown): Promise<number[]> {
  const taken: number[] = []
  for (let i = -2; i < runs; i++) {
    const begin = performance.now()
    await work()
    if (i >= 0) taken.push(performance.now() - begin)
  }
  return taken
}
