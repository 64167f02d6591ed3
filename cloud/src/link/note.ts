import type { Cloud } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import type { Owner } from "../store/inventory.ts"
import { Links } from "../store/link.ts"

const everyMs = 60_000

/** Notes that something is wrong, unless something was within the last minute. */
export async function noteSeldom(
  cloud: Cloud,
  owner: Owner,
  kind: "refused" | "resync",
  message: string,
): Promise<void> {
  if (await Links.mayNote(cloud, owner, everyMs))
    await Clusters.note(cloud, owner.organizationId, owner.clusterId, { kind, message })
}
