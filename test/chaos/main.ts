import { parseArgs } from "node:util"
import { runChaos } from "./chaos.ts"

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const { values } = parseArgs({
  options: {
    changes: { type: "string", default: "10000" },
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
  },
})
const options = { changes: Number(values.changes), kills: Number(values.kills), seed: Number(values.seed) }
say(`${options.changes} changes, ${options.kills} kills, seed ${options.seed}`)
const report = await runChaos({ ...options, say: (line) => say(line) })
const { lost, twice, mistaken, kills, applied, refused, reasons, seconds } = report
const killed = Object.entries(kills)
  .map(([name, count]) => `${name} ${count}`)
  .join(", ")
for (const line of lost) say(`lost: ${line}`)
say(`kills: ${killed}; ${applied} applied, ${refused} ended without effect; ${seconds.toFixed(0)} s`)
for (const [reason, count] of Object.entries(reasons)) say(`  ${count}: ${reason}`)
say(`${lost.length} lost, ${twice} applied twice, ${mistaken} taken for somebody else's`)
process.exit(lost.length + twice + mistaken === 0 ? 0 : 1)
