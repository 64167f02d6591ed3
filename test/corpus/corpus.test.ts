import { describe, expect, test } from "vitest"
import { skipNote } from "#test/real/skip.ts"
import { allTables, corporaMissing } from "./tables.ts"

describe.skipIf(skipNote("the acceptance corpora", corporaMissing))(
  "the acceptance corpora, with all rules",
  () => {
    test("pass but for the deviations, each of which is needed", async () => {
      const { tables, unused } = await allTables()
      for (const { table, outcomes } of tables) {
        expect([table, outcomes.length > 0]).toEqual([table, true])
        expect(
          outcomes.filter(({ problems }) => problems.length > 0).map(({ id, problems }) => [id, problems]),
        ).toEqual([])
      }
      expect(unused).toEqual([])
    })
  },
)
