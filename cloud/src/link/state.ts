import { AppError } from "#shared/error.ts"
import type { BucketSum } from "#shared/kube/bucket.ts"
import { kindOf } from "#shared/kube/kinds.ts"
import { type KubeObject, isKubernetesName, refOf } from "#shared/kube/object.ts"
import type { Bucket, Delta, Hashes } from "#shared/protocol/message/state.ts"
import type { Cloud } from "../cloud.ts"
import { Connections } from "../store/connection.ts"
import { each } from "../store/each.ts"
import { Inventory } from "../store/inventory.ts"
import type { Links } from "../store/link.ts"
import { type Session, versionOf } from "./session.ts"

/** What a message of the state lane leads to. */
export type Outcome = {
  set: Partial<Links.Link>
  changes?: Inventory.Changes
  need?: { buckets: [string, string][]; hashes: boolean }
  /** Kinds that we do not take: the agent is newer than this server, or asks for what nobody should. */
  refused?: string[]
}

/** "" is the namespace of what is in none, and the beginning of a range. */
const isNameOrNone = (text: string): boolean => text === "" || isKubernetesName(text)

function demandNames(kind: string, namespace: string, name: string): void {
  if (!isNameOrNone(namespace) || !isKubernetesName(name))
    throw new AppError("link.protocol", `${kind} ${namespace}/${name} is not a name of Kubernetes`)
}

/** Objects of kinds that the mesh view needs; a Secret is never among them. */
function split(objects: readonly KubeObject[]): { taken: KubeObject[]; refused: string[] } {
  const refused = new Set<string>()
  const taken = objects.filter((object) => {
    const { kind, namespace, name } = refOf(object)
    demandNames(kind, namespace, name)
    if (kindOf(kind)) return true
    refused.add(kind)
    return false
  })
  return { taken, refused: [...refused] }
}

export async function onDelta(cloud: Cloud, session: Session, delta: Delta): Promise<Outcome> {
  const { taken, refused } = split(delta.put)
  const remove = delta.remove.map(([kind, namespace, name]) => {
    demandNames(kind, namespace, name)
    return { kind, namespace, name }
  })
  const changes = await Inventory.applyDelta(cloud, session.owner, versionOf(session.number, delta.seq), {
    put: taken,
    remove: remove.filter(({ kind }) => kindOf(kind)),
  })
  return { set: {}, changes, refused }
}

function demandRange(bucket: Bucket): void {
  if (![bucket.namespace, bucket.after, bucket.upTo ?? ""].every(isNameOrNone))
    throw new AppError("link.protocol", `bucket ${bucket.kind} ${bucket.namespace} has no range of names`)
  for (const object of bucket.objects) {
    const { kind, namespace, name } = refOf(object)
    demandNames(kind, namespace, name)
    const inside = name > bucket.after && (bucket.upTo === null || name <= bucket.upTo)
    if (kind !== bucket.kind || namespace !== bucket.namespace || !inside)
      throw new AppError(
        "link.protocol",
        `${kind} ${namespace}/${name} is not in the range of bucket ${bucket.kind} ${bucket.namespace} (${bucket.after}, ${bucket.upTo ?? "end"}]`,
      )
  }
}

export async function onBucket(cloud: Cloud, session: Session, bucket: Bucket): Promise<Outcome> {
  if (!kindOf(bucket.kind)) return { set: {}, refused: [bucket.kind] }
  demandRange(bucket)
  const changes = await Inventory.applyBucket(
    cloud,
    session.owner,
    versionOf(session.number, bucket.seq),
    bucket,
  )
  const pending = bucket.upTo === null ? Math.max(0, session.link.pending - 1) : session.link.pending
  return { set: { pending }, changes }
}

/** Sums are sent one set after the other: there is only ever one under way. No message of the agent has this for its group. */
const sumsGroup = "=sums"

type Sums = Pick<Hashes, "buckets" | "unknown">

/** All parts of the sums, once the last of them is here. */
async function collect(cloud: Cloud, session: Session, hashes: Hashes): Promise<Sums | undefined> {
  if (hashes.parts === 1) return hashes
  if (hashes.part >= hashes.parts || hashes.parts > 64)
    throw new AppError("link.protocol", `part ${hashes.part} of ${hashes.parts} sums`)
  if (hashes.part === 0) await Connections.dropParts(cloud, session.connection, sumsGroup)
  const texts = await Connections.addPart(cloud, session.connection, {
    group: sumsGroup,
    index: hashes.part,
    n: hashes.parts,
    text: JSON.stringify({ buckets: hashes.buckets, unknown: hashes.unknown }),
  })
  const parts = texts?.map((text) => JSON.parse(text) as Sums)
  return (
    parts && {
      buckets: parts.flatMap(({ buckets }) => buckets),
      unknown: parts.flatMap(({ unknown }) => unknown),
    }
  )
}

const differs = (stored: BucketSum | undefined, hash: number, count: number): boolean =>
  (stored?.hash ?? 0) !== hash || (stored?.count ?? 0) !== count

/** Compares bucket by bucket: asks for what differs, empties what the agent no longer has, keeps what it does not know now. */
export async function onHashes(cloud: Cloud, session: Session, hashes: Hashes): Promise<Outcome> {
  const sums = await collect(cloud, session, hashes)
  if (!sums) return { set: {} }
  const stored = await Inventory.sums(cloud, session.owner)
  const at = (kind: string, namespace: string): string => `${kind}#${namespace}`
  const known = new Map(stored.map(({ kind, namespace, sum }) => [at(kind, namespace), sum]))
  const theirs = new Set(sums.buckets.map(([kind, namespace]) => at(kind, namespace)))
  const buckets = sums.buckets
    .filter(([kind]) => kindOf(kind) && !sums.unknown.includes(kind))
    .filter(([kind, namespace, hash, count]) => differs(known.get(at(kind, namespace)), hash, count))
    .map(([kind, namespace]): [string, string] => [kind, namespace])
  const changes = Inventory.noChanges()
  const gone = stored.filter(
    ({ kind, namespace }) => !theirs.has(at(kind, namespace)) && !sums.unknown.includes(kind),
  )
  // A mesh that is uninstalled leaves thousands of buckets: one after the other they would not be done in 29 s.
  await each(gone, async (bucket) => {
    const v = versionOf(session.number, hashes.seq)
    const cleared = await Inventory.clearBucket(cloud, session.owner, v, bucket)
    changes.remove.push(...cleared.remove)
    changes.facts.remove.push(...cleared.facts.remove)
  })
  return {
    set: { pending: buckets.length, root: "" },
    changes,
    ...(buckets.length > 0 ? { need: { buckets, hashes: false } } : {}),
    refused: [...new Set(sums.buckets.map(([kind]) => kind).filter((kind) => !kindOf(kind)))],
  }
}
