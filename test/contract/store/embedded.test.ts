import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { ListTablesCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { DataFolderError, openEmbedded } from "#cloud/store/embedded.ts"
import { createTable, ensureTable } from "#cloud/store/table.ts"

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smm-data-"))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** Starts the writer, kills it without warning after some acknowledgements, and answers those. */
async function writeAndKill(acknowledgements: number): Promise<string[]> {
  const writer = new URL("writer.ts", import.meta.url).pathname
  const child = spawn(process.execPath, [writer, folder], { stdio: ["ignore", "pipe", "inherit"] })
  const exit = once(child, "exit")
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === acknowledgements) child.kill("SIGKILL")
  }
  await exit
  return acknowledged
}

const endpointOf = async (client: DynamoDBClient): Promise<string> => {
  const endpoint = await client.config.endpoint?.()
  return `http://${endpoint?.hostname ?? ""}:${endpoint?.port ?? ""}`
}

describe("the data folder", () => {
  test("keeps everything that was acknowledged when the process is killed, twice", async () => {
    for (const acknowledgements of [25, 120]) {
      const acknowledged = await writeAndKill(acknowledgements)
      expect(acknowledged.length).toBeGreaterThanOrEqual(acknowledgements)
      const embedded = await openEmbedded(folder)
      const table = createTable({ client: embedded.client, name: "smm-crash", now: () => 0 })
      const stored = new Set((await table.all("p", {})).map(({ sk }) => sk))
      expect(acknowledged.filter((sk) => !stored.has(sk))).toEqual([])
      await embedded.close()
    }
  })

  test("keeps what was written when it is closed and opened again", async () => {
    const first = await openEmbedded(folder)
    await ensureTable(first.client, "smm")
    await createTable({ client: first.client, name: "smm", now: () => 0 }).put({ pk: "p", sk: "s" })
    await first.close()
    const second = await openEmbedded(folder)
    const table = createTable({ client: second.client, name: "smm", now: () => 0 })
    expect(await table.get("p", "s")).toEqual({ pk: "p", sk: "s" })
    await second.close()
  })

  test("of a newer version is refused, and what to do is said", async () => {
    await writeFile(join(folder, "version"), "2\n")
    await expect(openEmbedded(folder)).rejects.toThrow(
      new DataFolderError(
        `data folder ${folder} has version "2", this program reads up to 1: start a newer release, or name another folder with --data`,
      ),
    )
    expect(await readFile(join(folder, "version"), "utf8")).toBe("2\n")
  })

  test("that another process uses is refused", async () => {
    const first = await openEmbedded(folder)
    await expect(openEmbedded(folder)).rejects.toThrow(/in use by another process/)
    await first.close()
  })

  test("that cannot be made is refused", async () => {
    await writeFile(join(folder, "file"), "")
    await expect(openEmbedded(join(folder, "file"))).rejects.toThrow(DataFolderError)
    await expect(openEmbedded(join(folder, "file", "below"))).rejects.toThrow(/ENOTDIR.*--data/)
  })

  test.skipIf(process.platform !== "linux")(
    "below one that takes nothing is refused, not tried for ever",
    async () => {
      await expect(openEmbedded("/proc/smm/data")).rejects.toThrow(/cannot be used \(ENOENT\)/)
    },
  )

  test("whose database is broken is refused", async () => {
    await (await openEmbedded(folder)).close()
    await writeFile(join(folder, "db", "CURRENT"), "nothing\n")
    await expect(openEmbedded(folder)).rejects.toThrow(/does not open.*--data/)
  })
})

describe("the embedded database", () => {
  test("ends what it was asked before it closes", async () => {
    const embedded = await openEmbedded(folder)
    await ensureTable(embedded.client, "smm")
    const table = createTable({ client: embedded.client, name: "smm", now: () => 0 })
    const text = "x".repeat(3000)
    await table.batch(
      Array.from({ length: 300 }, (_, i) => ({ pk: "p", sk: String(i), text })),
      [],
    )
    const asked = Array.from({ length: 40 }, (_, i) => table.page("p", i === 0 ? { limit: 1 } : {}))
    const answers = Promise.allSettled(asked)
    await Promise.race(asked)
    await embedded.close()
    const ended = (await answers).filter(({ status }) => status === "fulfilled")
    expect(ended.length).toBeGreaterThan(1)
    const again = await openEmbedded(folder)
    await again.close()
  })

  test("lets nobody in who does not know this process's key, nor a page of a browser", async () => {
    const embedded = await openEmbedded(null)
    const endpoint = await endpointOf(embedded.client)
    const headers = {
      "x-amz-target": "DynamoDB_20120810.ListTables",
      "content-type": "application/x-amz-json-1.0",
      authorization:
        "AWS4-HMAC-SHA256 Credential=guess/20261124/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
      "x-amz-date": "20261124T120000Z",
    }
    expect((await fetch(endpoint, { method: "POST", headers, body: "{}" })).status).toBe(403)
    const preflight = { origin: "http://evil.example", "access-control-request-method": "POST" }
    const answer = await fetch(endpoint, { method: "OPTIONS", headers: preflight })
    expect(answer.status).toBe(403)
    expect(answer.headers.get("access-control-allow-origin")).toBeNull()
    await expect(embedded.client.send(new ListTablesCommand({}))).resolves.toMatchObject({ TableNames: [] })
    await embedded.close()
  })
})
