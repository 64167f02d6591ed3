import type { Context } from "hono"
import { record, text } from "#shared/topology/fact/read.ts"

/**
 * The address of the caller as the platform itself saw it: Lambda's event, or the local server's socket. Forwarding headers are not
 * read: anybody may write them.
 */
export function addressOf(c: Context): string {
  const env = record(c.env)
  const http = record(record(record(env["event"])["requestContext"])["http"])
  const socket = record(record(env["incoming"])["socket"])
  return text(http["sourceIp"]) || text(socket["remoteAddress"]) || "unknown"
}
