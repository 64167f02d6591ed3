import type { Change, ChangeStep } from "#shared/api/change.ts"
import { patched } from "#shared/edit/patch.ts"
import { kindOf } from "#shared/kube/kinds.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Observed } from "#shared/protocol/message/act.ts"
import type { Cloud } from "../cloud.ts"
import { Changes } from "../store/change.ts"
import { Clusters } from "../store/cluster.ts"
import { each } from "../store/each.ts"
import { Inventory } from "../store/inventory.ts"
import { Previous } from "../store/previous.ts"
import type { Heard, Received } from "./receive.ts"
import { servicesOf } from "./services.ts"
import { idOf } from "./taken-back.ts"

type Item = Observed["items"][number]

/** Two clocks and a busy link: what is nearer than this is the same time. */
const clockToleranceMs = 30_000
const oldestMs = 24 * 60 * 60_000

type Sides = { before: KubeObject | null; after: KubeObject | null }

/** Of an object that the inventory has at this version, or at another: what it became, when it was `before`. */
function becameOf(
  { verb, patch }: Item,
  before: KubeObject | undefined,
  now: KubeObject | undefined,
): KubeObject | null {
  if (verb === "delete") return null
  return now ?? (before && patch ? patched(before, patch) : undefined) ?? null
}

/** What it was and what it became, as far as it is known: the inventory may have the new one already, still the old one, or one that came later. */
async function sidesOf(cloud: Cloud, owner: Inventory.Owner, item: Item): Promise<Sides> {
  const { id, verb, object } = item
  const version = verb === "delete" ? Previous.gone : (id.split("/")[1] ?? "")
  const [stored, previous] = await Promise.all([
    Inventory.read(cloud, owner, object),
    Previous.read(cloud, owner, { ...object, version }),
  ])
  const isNow = stored?.object.metadata.resourceVersion === version
  const isBefore = verb !== "create" && !isNow && previous === undefined && !isLater(stored?.object, version)
  const before = previous ?? (isBefore ? stored?.object : undefined)
  return { before: before ?? null, after: becameOf(item, before, isNow ? stored?.object : undefined) }
}

/** Source: Kubernetes, API concepts, resource versions: of one kind they may be compared as numbers. */
const isLater = (object: KubeObject | undefined, version: string): boolean => {
  const own = object?.metadata.resourceVersion
  return own !== undefined && /^\d+$/.test(own) && /^\d+$/.test(version) && BigInt(own) > BigInt(version)
}

const said = { create: "Created", patch: "Changed", delete: "Removed" } as const

function titleOf({ verb, object, manager }: Item): string {
  const kind = kindOf(object.kind)?.kind ?? object.kind
  const name = object.namespace === "" ? object.name : `${object.namespace}/${object.name}`
  return `${said[verb]} ${kind} ${name}${manager === "" ? "" : ` by ${manager}`}`
}

async function headerOf(
  cloud: Cloud,
  owner: Inventory.Owner,
  item: Item,
  { changeId, at, clusterName }: { changeId: string; at: number; clusterName: string },
): Promise<Changes.Header> {
  const sides = await sidesOf(cloud, owner, item)
  const step: ChangeStep = {
    cluster: owner.clusterId,
    verb: item.verb,
    object: item.object,
    resourceVersion: sides.before?.metadata.resourceVersion ?? null,
    ...sides,
    why: "",
  }
  const by: Change["by"] = { kind: "outside", id: item.manager, name: item.manager }
  return {
    changeId,
    at,
    by,
    via: "outside",
    title: titleOf(item),
    services: servicesOf([sides.before, sides.after]),
    intent: null,
    findings: { added: [], removed: [] },
    guard: null,
    revertAt: null,
    undoOf: null,
    clusters: [{ cluster: owner.clusterId, clusterName, commandId: null, expiresAt: at }],
    steps: [step],
    role: null,
    queued: false,
    ended: "applied",
  }
}

/** Always the same for the same item. By a clock that cannot be right, the first time that it is told counts. */
async function placeOf(cloud: Cloud, owner: Inventory.Owner, { id, at }: Item): Promise<string> {
  const now = cloud.now()
  const isOdd = at > now + clockToleranceMs || at < now - oldestMs
  const made = idOf(isOdd ? now : at, owner.clusterId, id)
  return isOdd ? Changes.observedAs(cloud, owner, id, made) : made
}

/** Keeps what others changed, each once, in the same history as our own changes. */
export async function onObserved(
  cloud: Cloud,
  owner: Inventory.Owner,
  { items, lost }: Observed,
  { skewMs }: Heard,
): Promise<Received> {
  const { organizationId, clusterId } = owner
  const cluster = await Clusters.find(cloud, organizationId, clusterId)
  const changes: string[] = []
  await each(items, async (item) => {
    if (!kindOf(item.object.kind)) return
    const changeId = await placeOf(cloud, owner, item)
    const at = Math.max(0, Math.min(item.at - skewMs, cloud.now()))
    const header = await headerOf(cloud, owner, item, {
      changeId,
      at,
      clusterName: cluster?.name ?? clusterId,
    })
    if (await Changes.create(cloud, organizationId, header)) changes.push(changeId)
  })
  return lost === 0
    ? { changes }
    : { changes, words: `${lost} changes from outside were too many to keep; the history has a gap here` }
}
