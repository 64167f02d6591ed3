import type { ChangePreview } from "#shared/api/change.ts"
import type { Warning } from "#shared/edit/plan.ts"
import type { ActState } from "#shared/protocol/message/status.ts"
import type { Cloud } from "../cloud.ts"
import { time } from "../mesh/cluster-info.ts"
import { linkOf } from "../mesh/cluster-info.ts"
import { Clusters } from "../store/cluster.ts"
import { Links } from "../store/link.ts"

/** Whether a cluster can be asked to change something, by what is known of its agent. */
export type Reach = {
  cluster: Clusters.Cluster
  link: ChangePreview["clusters"][number]["link"]
  act: ActState | null
  /** What stands in the way for good, and what only until the agent is back. */
  off: Warning | null
  away: Warning | null
}

function offOf(name: string, act: ActState | null): Warning | null {
  if (act === null)
    return {
      code: "acting.off",
      message: `The agent of ${name} only reads: install it again with write access (Clusters, ${name}, Install)`,
    }
  if (act.mode !== "off") return null
  const reason = act.reason === "" ? "" : ` (${act.reason})`
  return {
    code: "acting.off",
    message: `The owner of ${name} has not switched writing on${reason}: set mode in the ConfigMap smm-agent-policy`,
  }
}

export async function reachOf(
  cloud: Cloud,
  organizationId: string,
  cluster: Clusters.Cluster,
): Promise<Reach> {
  const [status, stored] = await Promise.all([
    Clusters.readStatus(cloud, organizationId, cluster.clusterId),
    Links.read(cloud, { organizationId, clusterId: cluster.clusterId }),
  ])
  const { link, linkSince } = linkOf(cluster, stored, cloud.now())
  const act = status?.act ?? null
  const isThere = link === "live" || link === "late"
  const away: Warning = {
    code: "agent.away",
    message:
      link === "waiting"
        ? `The agent of ${cluster.name} has not joined yet`
        : `The agent of ${cluster.name} is not connected since ${time(linkSince)} UTC: nothing was sent; queue the change (queueUntil, at most 24 h) or try again when it is back`,
  }
  const off =
    link === "revoked"
      ? { code: "acting.off", message: `The keys of ${cluster.name} were revoked: install its agent again` }
      : offOf(cluster.name, act)
  return { cluster, link, act, off, away: isThere ? null : away }
}
