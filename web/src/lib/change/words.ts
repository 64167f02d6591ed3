import type { Change } from "#shared/api/change.ts"
import type { FormControl } from "#shared/edit/intent.ts"
import { managerName } from "./sentence.ts"

/** The controls by the names they have in the console. */
export const controlTitles: Record<FormControl, string> = {
  routing: "Routing",
  shift: "Shift traffic",
  mirror: "Mirror",
  fault: "Fault injection",
  "circuit-breaker": "Circuit breaking",
  "load-balancing": "Load balancing",
  "client-tls": "Client TLS",
  mtls: "mTLS",
}

/** Who made a change: a person, a token, or the field manager that somebody else wrote with. */
export function whoText({ by, via }: Pick<Change, "by" | "via">): string {
  if (by.kind === "agent") return "the agent"
  const how = { console: "console", cli: "CLI", api: "API", agent: "agent", outside: "outside" }[via]
  return by.kind === "outside"
    ? managerName(by.name)
    : by.kind === "token"
      ? `token ${by.name} (${how})`
      : by.name
}

/** How it came: the window, the command, a token, or past us. */
export function howText({ by, via }: Pick<Change, "by" | "via">): string {
  if (via === "outside") return "outside"
  if (by.kind === "token") return "token"
  return { console: "console", cli: "CLI", api: "API", agent: "agent" }[via]
}

/** As whom Kubernetes sees it: the user with the groups. */
export const identityText = ({ user, groups }: { user: string; groups: readonly string[] }): string =>
  `${user}${groups.length > 0 ? ` (${groups.join(", ")})` : ""}`
