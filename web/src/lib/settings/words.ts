import { type Role, hasRole } from "#shared/api/session.ts"
import type { ApiToken } from "#shared/api/session.ts"
import { formatSince } from "#shared/format/time.ts"

export const roles: readonly { role: Role; may: string }[] = [
  { role: "owner", may: "everything, also rename the organization and name other owners" },
  { role: "admin", may: "what operators may, and clusters, members and API tokens" },
  { role: "operator", may: "read, and change the mesh as far as Kubernetes lets them" },
  { role: "viewer", may: "read" },
]

/** Nobody gives a role beyond the own one. */
export const givable = (own: Role): readonly Role[] =>
  roles.map(({ role }) => role).filter((role) => hasRole(own, role))

/** Whether namespaces that are given to others do not count for it. */
export const readsAll = (role: Role): boolean => hasRole(role, "admin")

const minute = 60_000
const day = 1440 * minute

export type Expiry = { text: string; tone: "" | "watch" | "failing" }

/** `in 89 d`, `expired 2 d ago`, `never`. Within a week it is worth a look. */
export function expiryText(token: Pick<ApiToken, "expiresAt">, now: number): Expiry {
  if (token.expiresAt === null) return { text: "never", tone: "" }
  const left = token.expiresAt - now
  if (left <= 0) return { text: `expired ${formatSince(token.expiresAt, now)} ago`, tone: "failing" }
  const days = left / day
  // This clock may be a little behind the server's: a week just made is 7 d, not 8.
  return {
    text: days < 1 ? "within a day" : `in ${Math.ceil(days - minute / day)} d`,
    tone: days < 7 ? "watch" : "",
  }
}

export const lifetimes: readonly { days: number | null; label: string }[] = [
  { days: 7, label: "7 days" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 366, label: "1 year" },
  { days: null, label: "does not expire" },
]
