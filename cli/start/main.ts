import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startLocal } from "#cloud/local/server.ts"
import { createClient } from "#shared/api/client.ts"
import { buildWeb } from "./build.mjs"
import { startDemo } from "./demo.ts"
import { type StartOptions, startOptions, usage } from "./options.ts"
import type { Room } from "./room.ts"

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "")
const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** Something the person can put right: one line, exit 2. */
function refuse(error: unknown): never {
  say(`smm: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(2)
}

function options(): StartOptions {
  try {
    const parsed = startOptions(process.argv.slice(2), root)
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

async function start({ port, host, data, demo, json }: StartOptions): Promise<void> {
  const begin = performance.now()
  const rooms: Room[] = []
  await buildWeb({ say })
  say("Starting database, API and console")
  const cloud = await startLocal({ port, host, data, consoleFolder: join(root, "web/build") }).catch(refuse)
  const localFile = join(data, "local.json")
  const stop = async (): Promise<void> => {
    rmSync(localFile, { force: true })
    await Promise.all(rooms.map((room) => room.stop()))
    await cloud.close()
  }
  let stopping = false
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      say("Stopping")
      void stop().then(() => process.exit(0))
    })

  const { token, organizationId } = cloud.owner
  if (demo) {
    const client = createClient({ server: cloud.url, fetch, token, organizationId })
    const log = createLogs(data)
    const place = { root, folder: join(data, "demo"), mesh: demo, server: cloud.url, client, say, log }
    await startDemo({ ...place, started: (room) => rooms.push(room) }).catch((error: unknown) =>
      say(`The demo cluster did not start: ${error instanceof Error ? error.message : String(error)}`),
    )
  }
  writeFileSync(localFile, JSON.stringify({ url: cloud.url, token }), { mode: 0o600 })
  if (json) process.stdout.write(`${JSON.stringify({ url: cloud.url, token, org: organizationId })}\n`)
  say(
    `\nReady in ${((performance.now() - begin) / 1000).toFixed(1)} s. Open this address once; it signs you in as the owner:\n`,
  )
  say(`  ${await cloud.signInLink()}\n`)
  say(`In a terminal: npx smm login, then npx smm topology. Ctrl-C ends everything.`)
}

await start(options())
