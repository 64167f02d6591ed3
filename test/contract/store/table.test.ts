import { randomBytes } from "node:crypto"
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { sweepExpired } from "#cloud/store/sweep.ts"
import { type Table, createTable, ensureTable } from "#cloud/store/table.ts"
import { skipNote } from "#test/real/skip.ts"
import { backends } from "./backends.ts"

const isNew = { expression: "attribute_not_exists(pk)" }
const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const padded = (i: number): string => String(i).padStart(4, "0")

for (const backend of backends)
  describe.skipIf(skipNote(`store contract on ${backend.name}`, backend.missing))(
    `a table on ${backend.name}`,
    () => {
      let opened: { client: DynamoDBClient; close(): Promise<void> }
      let options: { client: DynamoDBClient; name: string; now: () => number }
      let table: Table
      let at = 1_000_000_000_000

      beforeAll(async () => {
        opened = await backend.open()
      })
      afterAll(async () => {
        await opened.close()
      })
      beforeEach(async () => {
        options = { client: opened.client, name: `t-${randomBytes(6).toString("hex")}`, now: () => at }
        await ensureTable(opened.client, options.name)
        table = createTable(options)
      })

      test("what was put is read back, of every type we store", async () => {
        const item = {
          pk: "org",
          sk: "a",
          text: "ä\u{1F600}",
          number: 2 ** 48,
          fraction: 0.1,
          no: null,
          flag: false,
          empty: "",
          list: [1, "x"],
          map: { a: { b: [] } },
        }
        await table.put({ ...item, left: undefined, bytes: new Uint8Array([0, 255, 7]) })
        const found = await table.get("org", "a")
        expect(found).toMatchObject(item)
        expect(found).not.toHaveProperty("left")
        expect([...(found?.["bytes"] as Uint8Array)]).toEqual([0, 255, 7])
        expect(await table.get("org", "b")).toBeUndefined()
      })

      test("a put answers what was there, and is refused when its condition does not hold", async () => {
        expect(await table.put({ pk: "p", sk: "s", v: 1 }, isNew)).toEqual({ before: undefined })
        expect(await table.put({ pk: "p", sk: "s", v: 2 }, isNew)).toBe(false)
        const newer = { expression: "v <= :v", values: { v: 5 } }
        expect(await table.put({ pk: "p", sk: "s", v: 5 }, newer)).toEqual({
          before: { pk: "p", sk: "s", v: 1 },
        })
        expect(await table.put({ pk: "p", sk: "s", v: 4 }, { ...newer, values: { v: 4 } })).toBe(false)
        expect(await table.get("p", "s")).toMatchObject({ v: 5 })
      })

      test("an update sets, removes and adds, and answers the new item", async () => {
        await table.put({ pk: "p", sk: "s", a: 1, b: 2 })
        const after = await table.update({ pk: "p", sk: "s" }, { a: "x", b: undefined }, { add: { n: 3 } })
        expect(after).toEqual({ pk: "p", sk: "s", a: "x", n: 3 })
        const refused = { condition: { expression: "attribute_exists(pk)" } }
        expect(await table.update({ pk: "p", sk: "none" }, { a: 1 }, refused)).toBe(false)
        expect(await table.get("p", "none")).toBeUndefined()
      })

      test("a remove answers what was there, undefined for nothing, false when refused", async () => {
        await table.put({ pk: "p", sk: "s", v: 3 })
        expect(await table.remove("p", "s", { expression: "v < :v", values: { v: 3 } })).toBe(false)
        expect(await table.remove("p", "s")).toMatchObject({ v: 3 })
        expect(await table.remove("p", "s")).toBeUndefined()
      })

      test("of 32 writers that make the same item one wins", async () => {
        const results = await Promise.all(many(32, (i) => table.put({ pk: "p", sk: "one", i }, isNew)))
        expect(results.filter((result) => result !== false)).toHaveLength(1)
      })

      test("32 writers under an optimistic lock lose no change", async () => {
        await table.put({ pk: "p", sk: "lock", version: 0, sum: 0 })
        const change = async (): Promise<void> => {
          for (;;) {
            const item = await table.get("p", "lock")
            const version = Number(item?.["version"])
            const done = await table.update(
              { pk: "p", sk: "lock" },
              { version: version + 1, sum: Number(item?.["sum"]) + 1 },
              { condition: { expression: "version = :version", values: { version } } },
            )
            if (done) return
          }
        }
        await Promise.all(many(32, change))
        expect(await table.get("p", "lock")).toMatchObject({ version: 32, sum: 32 })
      })

      test("32 writers that add to a counter are all counted", async () => {
        await Promise.all(
          many(32, (i) => table.update({ pk: "p", sk: "count" }, {}, { add: { n: i % 2 === 0 ? 5 : -2 } })),
        )
        expect(await table.get("p", "count")).toMatchObject({ n: 48 })
      })

      test("a partition is read by prefix, by range, backwards and page by page, in order", async () => {
        await table.batch(
          many(60, (i) => ({ pk: "p", sk: `b#${padded(i)}` })),
          [],
        )
        await table.batch(
          ["a#1", "c#1", "b"].map((sk) => ({ pk: "p", sk })),
          [],
        )
        await table.put({ pk: "q", sk: "b#0001" })
        const all = await table.all("p", { prefix: "b#" })
        expect(all.map(({ sk }) => sk)).toEqual(many(60, (i) => `b#${padded(i)}`))
        const range = await table.all("p", { from: "b#0010", to: "b#0012" })
        expect(range.map(({ sk }) => sk)).toEqual(["b#0010", "b#0011", "b#0012"])
        const newest = await table.page("p", { prefix: "b#", reverse: true, limit: 2 })
        expect(newest.items.map(({ sk }) => sk)).toEqual(["b#0059", "b#0058"])
        const seen: string[] = []
        let after: string | undefined
        do {
          const page = await table.page("p", {
            prefix: "b#",
            limit: 7,
            ...(after === undefined ? {} : { after }),
          })
          seen.push(...page.items.map(({ sk }) => sk))
          after = page.last
        } while (after !== undefined)
        expect(seen).toEqual(all.map(({ sk }) => sk))
      })

      test("a partition larger than one answer of the database is read to its end", async () => {
        const text = "x".repeat(30_000)
        await table.batch(
          many(80, (i) => ({ pk: "big", sk: padded(i), text })),
          [],
        )
        expect(await table.all("big", {})).toHaveLength(80)
      })

      test("a batch takes any number, and an item that is named twice", async () => {
        await table.batch(
          many(130, (i) => ({ pk: "p", sk: padded(i), v: 1 })),
          [],
        )
        await table.batch(
          [
            { pk: "p", sk: padded(0), v: 2 },
            { pk: "p", sk: padded(0), v: 3 },
          ],
          many(100, (i) => ({ pk: "p", sk: padded(i) })),
        )
        const left = await table.all("p", {})
        expect(left).toHaveLength(31)
        expect(left[0]).toMatchObject({ sk: padded(0), v: 3 })
      })

      test("what has expired is not seen, and is swept", async () => {
        const ttl = at / 1000
        await table.batch(
          [
            { pk: "p", sk: "old", ttl },
            { pk: "p", sk: "young", ttl: ttl + 60 },
            { pk: "p", sk: "for ever" },
          ],
          [],
        )
        expect(await table.get("p", "old")).toBeUndefined()
        expect((await table.all("p", {})).map(({ sk }) => sk)).toEqual(["for ever", "young"])
        at += 61_000
        expect((await table.all("p", {})).map(({ sk }) => sk)).toEqual(["for ever"])
        expect(await sweepExpired(options)).toBe(2)
        expect(await sweepExpired(options)).toBe(0)
        expect(await table.get("p", "for ever")).toBeDefined()
      })
    },
  )
