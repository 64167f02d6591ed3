import type { Access } from "#shared/api/change.ts"
import type { Actor } from "../auth/actor.ts"
import { seesNamespace } from "../auth/sight.ts"
import type { Cloud } from "../cloud.ts"
import type { Clusters } from "../store/cluster.ts"
import type { Table } from "../store/table.ts"
import { ask } from "./ask.ts"
import { reachOf } from "./reach.ts"

const keptMs = 10_000
const mostKept = 1_000

type Kept = { until: number; access: Promise<Access> }

/** What this process has asked lately; of each table, for tests have several. */
const memories = new WeakMap<Table, Map<string, Kept>>()

function memoryOf({ table }: Cloud): Map<string, Kept> {
  const known = memories.get(table)
  if (known) return known
  const made = new Map<string, Kept>()
  memories.set(table, made)
  return made
}

async function read(
  cloud: Cloud,
  actor: Actor,
  cluster: Clusters.Cluster,
  namespace: string,
): Promise<Access> {
  const { organizationId } = actor
  const { off, away, act } = await reachOf(cloud, organizationId, cluster)
  const base = {
    cluster: cluster.clusterId,
    namespace,
    mode: act?.mode ?? ("off" as const),
    checkedAt: cloud.now(),
  }
  const nothing = (refused: string): Access => ({ ...base, as: null, refused, lines: [] })
  if (!seesNamespace(actor.sight, namespace)) return nothing(`You do not read the namespace ${namespace}`)
  const hindrance = off ?? away
  if (hindrance) return nothing(hindrance.message)
  const owner = { organizationId, clusterId: cluster.clusterId }
  const outcome = await ask(cloud, owner, { type: "access", namespace }, { actor, assertion: null })
  if (outcome?.type === "refused") return nothing(outcome.failure.message)
  if (outcome?.type !== "access")
    return nothing(`The agent of ${cluster.name} does not answer; what you may do is not known`)
  return { ...base, as: outcome.as, refused: outcome.failure?.message ?? null, lines: outcome.lines }
}

/** What the caller may change in a namespace, as Kubernetes says now or said within the last seconds. */
export async function accessOf(
  cloud: Cloud,
  actor: Actor,
  cluster: Clusters.Cluster,
  namespace: string,
): Promise<Access> {
  const memory = memoryOf(cloud)
  const at = [actor.organizationId, cluster.clusterId, actor.credential, actor.role, namespace].join("#")
  const known = memory.get(at)
  if (known && known.until > cloud.now()) return known.access
  const access = read(cloud, actor, cluster, namespace)
  memory.delete(at)
  memory.set(at, { until: cloud.now() + keptMs, access })
  for (const oldest of memory.keys()) {
    if (memory.size <= mostKept) break
    memory.delete(oldest)
  }
  access.catch(() => memory.delete(at))
  return access
}
