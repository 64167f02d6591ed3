import { parseArgs } from "node:util"
import { pino } from "pino"
import { DataFolderError } from "../store/embedded.ts"
import { LocalStartError, startLocal } from "./server.ts"

const usage = "node cloud/src/local/main.ts --port N (--data DIR | --memory) [--console DIR] [--json]"

function refuse(message: string): never {
  process.stderr.write(`smm: ${message}\n`)
  process.exit(2)
}

function options(): { port: number; data: string | null; console: string | undefined; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "7780" },
        data: { type: "string" },
        memory: { type: "boolean", default: false },
        console: { type: "string" },
        json: { type: "boolean", default: false },
      },
    })
    const port = Number(values.port)
    if (!/^\d+$/.test(values.port) || port > 65_535) refuse(`--port "${values.port}": wants 0 to 65535`)
    if (values.data === undefined && !values.memory) refuse(`--data is missing; ${usage}`)
    return {
      port,
      data: values.memory ? null : (values.data ?? null),
      console: values.console,
      json: values.json,
    }
  } catch (error) {
    refuse(`${error instanceof Error ? error.message : String(error)}; ${usage}`)
  }
}

const { port, data, console: consoleFolder, json } = options()
const log = pino({ level: process.env["SMM_LOG"] ?? "warn" }, pino.destination(2))
const local = await startLocal({
  port,
  data,
  log,
  ...(consoleFolder === undefined ? {} : { consoleFolder }),
}).catch((error: unknown) => {
  if (error instanceof LocalStartError || error instanceof DataFolderError) refuse(error.message)
  throw error
})

let stopping = false
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    void local.close().then(() => process.exit(0))
  })

const { token, organizationId } = local.owner
process.stdout.write(
  json
    ? `${JSON.stringify({ url: local.url, token, org: organizationId })}\n`
    : `Open this address once; it signs you in as the owner:\n  ${await local.signInLink()}\n`,
)
