import { gunzipSync, gzipSync } from "node:zlib"
import { objectHash } from "#shared/kube/bucket.ts"
import { type KubeObject, refOf } from "#shared/kube/object.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Cloud } from "../cloud.ts"
import { key } from "./key.ts"
import type { Owner } from "./owner.ts"
import { type Item, mostItemBytes } from "./table.ts"

export type StoredObject = { object: KubeObject; seenAt: number }

/** Longer ones are compressed: DynamoDB bills by the kilobyte. */
const packedFrom = 8 * 1024

/** Says that only the head of an object was kept, and how long it was. */
const truncatedAnnotation = "smm/truncated"

/** What is kept of an object that no item can hold: who it is, and that the rest is missing. */
function head({ apiVersion, kind, metadata }: KubeObject, bytes: number): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
  return JSON.parse(
    JSON.stringify({
      apiVersion,
      kind,
      metadata: {
        name,
        namespace,
        uid,
        resourceVersion,
        creationTimestamp,
        annotations: { [truncatedAnnotation]: `${bytes} bytes are more than can be kept` },
      },
    }),
  ) as KubeObject
}

function contentOf(object: KubeObject): Record<string, unknown> {
  const o = JSON.stringify(object)
  if (o.length <= packedFrom) return { o }
  const z = gzipSync(o)
  return z.byteLength <= mostItemBytes ? { z } : { o: JSON.stringify(head(object, o.length)) }
}

export const toObject = (item: Item): StoredObject => ({
  object: JSON.parse(
    item["z"] === undefined
      ? String(item["o"])
      : gunzipSync(item["z"] as Uint8Array, { maxOutputLength: limits.maxInflatedBytes }).toString("utf8"),
  ) as KubeObject,
  seenAt: Number(item["at"]),
})

/** `h` is the hash of the whole object, kept or not; `v` orders the writers. */
export function objectItem(
  cloud: Cloud,
  { organizationId, clusterId }: Owner,
  object: KubeObject,
  v: number,
): Item {
  const { kind, namespace, name } = refOf(object)
  return {
    ...key.object(organizationId, clusterId, kind, namespace, name),
    ...contentOf(object),
    h: objectHash(object),
    v,
    at: cloud.now(),
  }
}
