import type { Cloud } from "#cloud/cloud.ts"
import type { Item, Table } from "#cloud/store/table.ts"

/** What AWS would have billed. Read and write units as DynamoDB counts them: 4 KB a strongly consistent read, 1 KB a write, per item. */
export type Meter = {
  readUnits: number
  writeUnits: number
  /** Websocket messages both ways, in units of 32 KB. */
  socketMessages: number
  /** Lambda invocations. */
  invocations: number
  calls: Map<string, number>
}

export const emptyMeter = (): Meter => ({
  readUnits: 0,
  writeUnits: 0,
  socketMessages: 0,
  invocations: 0,
  calls: new Map(),
})

/** Bytes of an item as DynamoDB counts them: names and values, in UTF-8. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value)
  if (value instanceof Uint8Array) return value.length
  if (typeof value === "number") return Math.ceil(String(value).length / 2) + 1
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + 1 + sizeOf(one), 3)
  if (value !== null && typeof value === "object")
    return Object.entries(value).reduce(
      (sum, [name, one]) => sum + Buffer.byteLength(name) + 1 + sizeOf(one),
      0,
    )
  return 1
}

export const socketUnits = (text: string): number => Math.max(1, Math.ceil(Buffer.byteLength(text) / 32_768))

/** A table that meters every call to another. */
export function meteredTable(table: Table, meter: Meter): Table {
  const note = (call: string, reads: number, writes: number): void => {
    meter.readUnits += reads
    meter.writeUnits += writes
    meter.calls.set(call, (meter.calls.get(call) ?? 0) + 1)
  }
  const writes = (item: unknown): number => Math.max(1, Math.ceil(sizeOf(item ?? {}) / 1024))
  const reads = (items: readonly Item[]): number =>
    Math.max(1, Math.ceil(items.reduce((sum, item) => sum + sizeOf(item), 0) / 4096))
  const kindOf = (sk: string): string => sk.split("#")[0] ?? sk
  return {
    async get(pk, sk) {
      const item = await table.get(pk, sk)
      note(`get ${kindOf(sk)}`, reads(item ? [item] : []), 0)
      return item
    },
    async put(item, condition) {
      note(`put ${kindOf(item.sk)}`, 0, writes(item))
      return table.put(item, condition)
    },
    async update(key, set, options) {
      const item = await table.update(key, set, options)
      note(`update ${kindOf(key.sk)}`, 0, writes(item || set))
      return item
    },
    async remove(pk, sk, condition) {
      const before = await table.remove(pk, sk, condition)
      note(`remove ${kindOf(sk)}`, 0, writes(before || {}))
      return before
    },
    async page(pk, range) {
      const page = await table.page(pk, range)
      note(`page ${range.prefix ?? range.from ?? ""}`, reads(page.items), 0)
      return page
    },
    async all(pk, range) {
      const items = await table.all(pk, range)
      note(`all ${range.prefix ?? range.from ?? ""}`, reads(items), 0)
      return items
    },
    async batch(put, remove) {
      for (const item of put) note(`batch put ${kindOf(item.sk)}`, 0, writes(item))
      for (const { sk } of remove) note(`batch remove ${kindOf(sk)}`, 0, 1)
      return table.batch(put, remove)
    },
  }
}

/** A cloud whose table and sockets are metered. `heard` gets what is sent to each connection. */
export function meteredCloud(
  cloud: Cloud,
  meter: Meter,
  heard: (connection: string, text: string) => void,
): Cloud {
  return {
    ...cloud,
    table: meteredTable(cloud.table, meter),
    sockets: {
      ...cloud.sockets,
      async send(connection, text) {
        meter.socketMessages += socketUnits(text)
        heard(connection, text)
        return "sent"
      },
    },
  }
}

/** List prices of us-east-1 on 2026-11-01, in dollars. Source: AWS price lists of DynamoDB on-demand, API Gateway WebSocket, Lambda arm64. */
export const prices = {
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  socketMessage: 1e-6,
  connectionMinute: 0.25e-6,
  invocation: 0.2e-6,
  gigabyteSecond: 0.0000133334,
  storedGigabyteMonth: 0.25,
}

/** Assumed of Lambda: 256 MB, 5 ms for each call to DynamoDB (they follow one another) and 5 ms of our own. */
const lambda = { gigabytes: 0.25, callMs: 5, ownMs: 5 }

const callsOf = ({ calls }: Meter): number => [...calls.values()].reduce((sum, count) => sum + count, 0)

/** Dollars of an hour, by what they are for. `connections`: open all the hour. */
export function dollars(of: Meter, connections: number) {
  const seconds = (callsOf(of) * lambda.callMs + of.invocations * lambda.ownMs) / 1000
  return {
    database: of.writeUnits * prices.writeUnit + of.readUnits * prices.readUnit,
    sockets: of.socketMessages * prices.socketMessage + connections * 60 * prices.connectionMinute,
    lambda: of.invocations * prices.invocation + seconds * lambda.gigabytes * prices.gigabyteSecond,
  }
}
