import { randomBytes } from "node:crypto"
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import { setImmediate, setTimeout } from "node:timers/promises"
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb"
import dynalite from "dynalite"
import { sweepExpired } from "./sweep.ts"

/** Layout of a data folder; grows when an older program could no longer read it. */
const folderVersion = 1

/** The data folder cannot be used; the message says why and what to do. `npm start` prints it and exits with 2. */
export class DataFolderError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "DataFolderError"
  }
}

export type Embedded = { client: DynamoDBClient; close(): Promise<void> }

async function readVersion(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
}

/** Step by step: Node's own `recursive` never ends below a folder such as /proc, which exists and takes nothing. */
async function makeFolder(path: string, isSecondTry = false): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return
    if (code !== "ENOENT" || isSecondTry || dirname(path) === path) throw cause
    await makeFolder(dirname(path))
    await makeFolder(path, true)
  }
}

async function prepareFolder(folder: string): Promise<string> {
  try {
    await makeFolder(resolve(folder))
    const file = join(folder, "version")
    const found = await readVersion(file)
    if (found === undefined) {
      await writeFile(`${file}.new`, `${folderVersion}\n`)
      await rename(`${file}.new`, file)
    } else if (!/^\d+$/.test(found) || Number(found) > folderVersion)
      throw new DataFolderError(
        `data folder ${folder} has version "${found}", this program reads up to ${folderVersion}: start a newer release, or name another folder with --data`,
      )
    return join(folder, "db")
  } catch (cause) {
    if (cause instanceof DataFolderError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw new DataFolderError(
      `data folder ${folder} cannot be used (${code ?? message}): name one that you may write with --data`,
      { cause },
    )
  }
}

type Level = { open(): Promise<void>; close(): Promise<void> }

/** dynalite ends the process when its database does not open: whether it does is tried before, with dynalite's own library. */
async function tryOpen(path: string, folder: string): Promise<void> {
  const fromDynalite = createRequire(createRequire(import.meta.url).resolve("dynalite"))
  const { Level } = fromDynalite("level") as { Level: new (path: string) => Level }
  const level = new Level(path)
  try {
    await level.open()
  } catch (error) {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException
    throw new DataFolderError(
      code === "LEVEL_LOCKED"
        ? `data folder ${folder} is in use by another process: stop that one, or name another folder with --data`
        : `the database in ${folder} does not open (${code ?? message}): name another folder with --data`,
      { cause: error },
    )
  }
  await level.close()
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void
type Guard = { drain(): Promise<void> }

/** How long a request may take to end before the database is closed under it. */
const drainMs = 5_000

/**
 * Only who knows the key is let in: a browser page or another user of this machine, who may find the port, does not. `drain` lets
 * nobody in any more and waits for those inside: dynalite ends the process when its database is closed while it reads.
 */
function guard(server: Server, accessKeyId: string): Guard {
  const wanted = `Credential=${accessKeyId}/`
  const [answer] = server.listeners("request") as Listener[]
  const inside = new Set<ServerResponse>()
  let isOpen = true
  let wasLeft: () => void = () => undefined
  server.removeAllListeners("request")
  server.on("request", (request, response) => {
    if (!request.headers.authorization?.includes(wanted)) return void response.writeHead(403).end()
    if (!isOpen) return void response.writeHead(503).end()
    inside.add(response)
    // Not the event "close": a caller that hung up does not end what is done for it.
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse
    response.end = (...args: unknown[]) => {
      inside.delete(response)
      if (inside.size === 0) wasLeft()
      return end(...args)
    }
    answer?.(request, response)
  })
  return {
    async drain() {
      isOpen = false
      const empty = new Promise<void>((resolve) => {
        wasLeft = resolve
        if (inside.size === 0) resolve()
      })
      const timer = new AbortController()
      const late = setTimeout(drainMs, undefined, { signal: timer.signal }).catch(() => undefined)
      await Promise.race([empty, late])
      timer.abort()
      await setImmediate()
    },
  }
}

const listen = (server: Server): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      resolve(server.address() as AddressInfo)
    })
  })

const sweepEveryMs = 60 * 60_000
const firstSweepMs = 60_000

/** DynamoDB removes what has expired by itself; this one is swept, so that a folder does not grow for ever. */
function keepSwept(client: DynamoDBClient, now: () => number): () => void {
  const sweep = async (): Promise<void> => {
    const { TableNames = [] } = await client.send(new ListTablesCommand({}))
    for (const name of TableNames) await sweepExpired({ client, name, now })
  }
  // One that fails is tried again an hour later; reads never see what has expired, swept or not.
  const run = () => void sweep().catch(() => undefined)
  const first = globalThis.setTimeout(run, firstSweepMs).unref()
  const later = setInterval(run, sweepEveryMs).unref()
  return () => {
    clearTimeout(first)
    clearInterval(later)
  }
}

/**
 * DynamoDB inside of this process, kept in `folder`, or in memory for null. What was acknowledged is with the operating system: it
 * survives the death of this process. @throws DataFolderError
 */
export async function openEmbedded(folder: string | null, now: () => number = Date.now): Promise<Embedded> {
  const path = folder === null ? undefined : await prepareFolder(folder)
  if (folder !== null && path !== undefined) await tryOpen(path, folder)
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, ...(path === undefined ? {} : { path }) })
  const accessKeyId = randomBytes(16).toString("hex")
  const { drain } = guard(server, accessKeyId)
  const { port } = await listen(server)
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "local",
    credentials: { accessKeyId, secretAccessKey: accessKeyId },
    maxAttempts: 3,
  })
  const stopSweeping = keepSwept(client, now)
  return {
    client,
    async close() {
      stopSweeping()
      await drain()
      client.destroy()
      server.closeAllConnections()
      await new Promise<void>((resolve, reject) => {
        server.close((error) => {
          if (error) reject(error)
          else resolve()
        })
      })
    },
  }
}
