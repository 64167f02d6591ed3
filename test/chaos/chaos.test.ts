import { expect, test } from "vitest"
import { runChaos } from "./chaos.ts"

/** The short form of `npm run chaos`. */
test(
  "changes under kills of agent, cloud and database: none is lost, none is done twice",
  { timeout: 300_000 },
  async () => {
    const report = await runChaos({ changes: 120, kills: 12, seed: 20261125, say: () => undefined })
    expect(report).toMatchObject({ lost: [], twice: 0, mistaken: 0 })
    expect(report.applied).toBe(120)
    expect(Object.values(report.kills).reduce((sum, count) => sum + count, 0)).toBe(12)
  },
)
