import { readFile } from "node:fs/promises"
import type { Plane } from "./plane.ts"

/** Of the server's audit log. */
export type AuditEvent = {
  verb: string
  stage: string
  requestURI: string
  user: { username: string }
  impersonatedUser?: { username: string; groups: string[] }
  objectRef?: { apiGroup?: string; resource: string; subresource?: string; namespace?: string; name?: string }
  requestObject?: { dryRun?: unknown }
  responseStatus?: { code: number }
}

/** What a user asked of a plane that keeps an audit log, in order; whoever wrote as somebody else is the user. */
export async function auditOf({ auditLog }: Plane, username: string): Promise<AuditEvent[]> {
  return (await readFile(auditLog ?? "", "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ user }) => user.username === username)
}
