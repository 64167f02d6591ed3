import type { Change } from "#shared/api/change.ts"
import type { Cloud } from "../cloud.ts"
import { sendPatch } from "../console/patch.ts"
import { toEach } from "../console/publish.ts"
import { Watches } from "../store/watch.ts"
import { seenBy } from "./view.ts"

/** Sends a change as it is now to the consoles of its organization that follow changes and may see it. */
export async function publishChange(
  cloud: Cloud,
  organizationId: string,
  change: Change,
  watches?: readonly Watches.Watch[],
): Promise<void> {
  const all = watches ?? (await Watches.list(cloud, organizationId))
  const following = all.filter(({ view }) => view.type === "changes")
  await toEach(cloud, following, async (watch) => {
    const seen = seenBy(watch, change)
    if (seen) await sendPatch(cloud, organizationId, watch, { type: "changes", put: [seen], remove: [] })
  })
}
