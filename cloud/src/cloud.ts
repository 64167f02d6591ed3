import { createHash, randomBytes } from "node:crypto"
import type { Logger } from "pino"
import { ulid } from "ulid"
import type { Signer } from "./auth/signer.ts"
import type { Table } from "./store/table.ts"

/** Open websockets, of agents and of consoles: API Gateway's `@connections`, or the local server's own. */
export type Sockets = {
  /** `gone`: closed meanwhile. */
  send(connection: string, text: string): Promise<"sent" | "gone">
  close(connection: string, code: number, reason: string): Promise<void>
}

/** Everything the handlers need from outside. One value a process; nothing here knows a request. */
export type Cloud = {
  table: Table
  sockets: Sockets
  now: () => number
  /** `https://mesh.example`, without a slash at the end. */
  publicUrl: string
  /** `wss://mesh.example`: `/link` and `/socket` follow. */
  socketUrl: string
  /** Origins from which a browser may come. */
  origins: readonly string[]
  /** The image the install manifest names. */
  agentImage: string
  /** Signs what agents are asked to do. There is no default key. */
  signer: Signer
  log: Logger
}

export const secondsOf = (ms: number): number => Math.ceil(ms / 1000)

export const newId = (prefix: "org" | "usr" | "cls" | "tok" | "key" | "sup"): string => `${prefix}_${ulid()}`

/** Of what is looked up by its time: in the order of this server's own clock. */
export const newTimedId = ({ now }: Pick<Cloud, "now">, prefix: "chg" | "cmd"): string =>
  `${prefix}_${ulid(now())}`

/** A secret of 256 bits as base64url: 43 characters. */
export const newSecret = (prefix: string): string => `${prefix}${randomBytes(32).toString("base64url")}`

export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex")
