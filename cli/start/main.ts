import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startLocal } from "#cloud/local/server.ts"
import { createClient } from "#shared/api/client.ts"
import { buildWeb } from "./build.mjs"
import { startDemo } from "./demo.ts"
import { type StartOptions, startOptions, usage, withNpmFlags } from "./options.ts"
import type { Room } from "./room.ts"

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "")
/** Where `npx smm login` looks by itself. */
const ownData = join(root, ".smm")
const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Something the person can put right: one line, exit 2. */
function refuse(error: unknown): never {
  say(`smm: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(2)
}

function options(): StartOptions {
  try {
    const parsed = startOptions(withNpmFlags(process.argv.slice(2), process.env), root)
    if (parsed !== "help") return parsed
  } catch (error) {
    refuse(error)
  }
  process.stdout.write(usage)
  process.exit(0)
}

/** One file a room, of this start only. */
function createLogs(data: string): (room: string) => (line: string) => void {
  const folder = join(data, "log")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return (room) => (line) => appendFileSync(join(folder, `${room}.log`), `${line}\n`)
}

type Ending = { later(end: () => Promise<void> | void): void; isEnding(): boolean }

const endPatienceMs = 20_000

/** What this start has to take down again, last first; a signal may come at any moment of it. */
function createEnding(): Ending {
  const ends: (() => Promise<void> | void)[] = []
  let isEnding = false
  const end = async (): Promise<never> => {
    for (const one of ends.reverse()) await one()
    process.exit(0)
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (isEnding) return
      isEnding = true
      say("Stopping")
      setTimeout(() => process.exit(1), endPatienceMs).unref()
      void end()
    })
  return { later: (one) => void ends.push(one), isEnding: () => isEnding }
}

type Death = { name: string; code: number; data: string; ending: Ending }

/** The console shows what a missing room does to the data; this says which one it was. */
function mourn({ name, code, data, ending }: Death): void {
  if (ending.isEnding()) return
  say(
    `The ${name} process ended (exit ${code}): ${join(data, "log", `${name}.log`)}. Start again to have it back.`,
  )
}

async function start({ port, host, data, demo, json }: StartOptions, ending: Ending): Promise<void> {
  const begin = performance.now()
  await buildWeb({ say })
  say("Starting database, API and console")
  const cloud = await startLocal({ port, host, data, consoleFolder: join(root, "web/build") })
  ending.later(() => cloud.close())
  const localFile = join(data, "local.json")
  const removeLocal = (): void => rmSync(localFile, { force: true })
  // One that was killed left its own.
  removeLocal()
  ending.later(removeLocal)
  const { token, organizationId } = cloud.owner
  if (demo) {
    const client = createClient({ server: cloud.url, fetch, token, organizationId })
    const log = createLogs(data)
    const place = { root, folder: join(data, "demo"), mesh: demo, server: cloud.url, client, say, log }
    const rooms = new Map<string, Room>()
    ending.later(async () => void (await Promise.all([...rooms.values()].map((room) => room.stop()))))
    const started = (name: string, room: Room): void => {
      rooms.set(name, room)
      if (ending.isEnding()) void room.stop()
    }
    await startDemo({ ...place, started }).then(
      () => {
        for (const [name, room] of rooms) void room.ended.then((code) => mourn({ name, code, data, ending }))
      },
      (error: unknown) => {
        if (!ending.isEnding())
          say(`The demo cluster did not start: ${error instanceof Error ? error.message : String(error)}`)
      },
    )
  }
  const link = await cloud.signInLink()
  if (ending.isEnding()) return
  writeFileSync(localFile, JSON.stringify({ url: cloud.url, token }), { mode: 0o600 })
  if (json) process.stdout.write(`${JSON.stringify({ url: cloud.url, token, org: organizationId })}\n`)
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  say(`\nReady in ${seconds} s. Open this address once; it signs you in as the owner:\n\n  ${link}\n`)
  const login = data === ownData ? "" : ` --server ${cloud.url} < ${join(data, "token")}`
  say(`In a terminal: npx smm login${login}, then npx smm topology. Ctrl-C ends everything.`)
}

const ending = createEnding()
await start(options(), ending).catch((error: unknown) => {
  if (!ending.isEnding()) refuse(error)
})
