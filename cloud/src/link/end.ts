import type { Cloud } from "../cloud.ts"
import type { Owner } from "../store/inventory.ts"
import { Links } from "../store/link.ts"
import { sayBye } from "./send.ts"

/**
 * Sends the agent of a cluster away at once: it was revoked or removed, and is not to come back with this identity. Call it before what is
 * known of the link is deleted.
 */
export async function endLink(cloud: Cloud, owner: Owner, message: string): Promise<void> {
  const link = await Links.read(cloud, owner)
  if (link?.connection) await sayBye(cloud, link.connection, { code: "link.revoked", message })
}
