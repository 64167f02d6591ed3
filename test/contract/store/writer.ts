/** Writes items one after the other until it is killed, and says each one that was acknowledged: node writer.ts FOLDER */
import { openEmbedded } from "#cloud/store/embedded.ts"
import { createTable, ensureTable } from "#cloud/store/table.ts"

const [folder] = process.argv.slice(2)
const { client } = await openEmbedded(folder ?? null)
await ensureTable(client, "smm-crash")
const table = createTable({ client, name: "smm-crash", now: () => 0 })
for (let i = 0; ; i++) {
  const own = { pk: "p", sk: String(i).padStart(6, "0") }
  if (i % 10 === 0)
    await table.batch(
      [
        { ...own, part: 1 },
        { ...own, sk: `${own.sk}b` },
      ],
      [],
    )
  else await table.put({ ...own, text: "x".repeat(500) })
  process.stdout.write(`${own.sk}\n`)
}
