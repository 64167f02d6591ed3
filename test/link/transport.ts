import { pino } from "pino"
import { createHandlers } from "#cloud/aws/handlers.ts"
import type { Cloud } from "#cloud/cloud.ts"
import { startLocal } from "#cloud/local/server.ts"
import { createTenant, startTestCloud, type Tenant } from "#test/cloud/harness.ts"
import { startGateway } from "./gateway.ts"

/** A cloud behind one of its two fronts, with a clock that a test may move. */
export type Stage = {
  server: string
  cloud: Cloud
  clock: { at: number }
  tenant: Tenant
  other: Tenant
  /** The same cloud as another process has it: over the same database, with a memory of its own. */
  otherProcess(): Cloud
  close(): Promise<void>
}

const begin = Date.UTC(2026, 10, 24, 12)

export async function startLocalStage(): Promise<Stage> {
  const clock = { at: begin }
  const own = await startLocal({
    port: 0,
    data: null,
    now: () => clock.at,
    log: pino({ level: "error" }, pino.destination(2)),
  })
  const tenant = await createTenant(own.cloud, "acme")
  const other = await createTenant(own.cloud, "globex")
  const { cloud } = own
  // What a process remembers it remembers by its table.
  const otherProcess = (): Cloud => ({ ...cloud, table: { ...cloud.table } })
  return { server: own.url, cloud, clock, tenant, other, otherProcess, close: own.close }
}

async function lambda(): Promise<Stage> {
  const gateway = await startGateway()
  const own = await startTestCloud({
    sockets: gateway.sockets,
    publicUrl: gateway.url,
    socketUrl: gateway.socketUrl,
    origins: [gateway.url],
    log: pino({ level: "silent" }),
  })
  gateway.serve(createHandlers(own.cloud))
  return {
    server: gateway.url,
    cloud: own.cloud,
    clock: own.clock,
    tenant: own.tenant,
    other: own.other,
    otherProcess: own.otherProcess,
    async close() {
      await gateway.close()
      await own.close()
    },
  }
}

/** The same handlers, behind the local server and behind API Gateway's events. */
export const transports: [name: string, start: () => Promise<Stage>][] = [
  ["the local server", startLocalStage],
  ["Lambda behind API Gateway", lambda],
]
