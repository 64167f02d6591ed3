import { afterAll, beforeAll, expect, test } from "vitest"
import { openEmbedded } from "../store/embedded.ts"
import type { Embedded } from "../store/embedded.ts"
import { createTable, ensureTable } from "../store/table.ts"
import { sweep } from "./sweep.ts"

let database: Embedded
beforeAll(async () => {
  database = await openEmbedded(null)
})
afterAll(() => database.close())

test("what has expired is removed, and nothing else", async () => {
  const name = "sweep"
  await ensureTable(database.client, name)
  const clock = { at: 1_000_000 }
  const now = () => clock.at
  const table = createTable({ client: database.client, name, now })
  const items = Array.from({ length: 1200 }, (_, i) => ({ pk: "a", sk: `old${i}`, ttl: 1_100 }))
  await table.batch([...items, { pk: "a", sk: "kept" }, { pk: "a", sk: "later", ttl: 9_000 }], [])
  clock.at = 1_200_000
  const options = { client: database.client, name, table, now }
  expect(await sweep(options)).toBe(1200)
  expect(await sweep(options)).toBe(0)
  expect((await table.all("a", {})).map(({ sk }) => sk)).toEqual(["kept", "later"])
})
