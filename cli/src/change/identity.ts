import type { Access } from "#shared/api/change.ts"

/** As whom the caller writes in a cluster. */
export function identityText(mode: Access["mode"] | null, as: Access["as"]): string {
  if (as) return `as ${as.user}${as.groups.length === 0 ? "" : ` (${as.groups.join(", ")})`}`
  return mode === "anonymous" ? "as the agent's own account: try-out mode" : "as nobody"
}
