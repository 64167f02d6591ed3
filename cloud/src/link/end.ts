import type { Cloud } from "../cloud.ts"
import type { Owner } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { sayBye } from "./send.ts"

/**
 * Sends the agent of a cluster away at once: it was revoked or removed, and is not to come back with this identity. Call it while the link
 * is still known.
 */
export async function endLink(cloud: Cloud, owner: Owner, message: string): Promise<void> {
  const connection = await Links.takeAway(cloud, owner)
  if (connection !== undefined) await sayBye(cloud, connection, { code: "link.revoked", message })
}
