import { kindOf } from "#shared/kube/kinds.ts"
import type { KubeObject, ObjectRef } from "#shared/kube/object.ts"
import { type Cloud, secondsOf } from "../cloud.ts"
import { each } from "./each.ts"
import { key } from "./key.ts"
import { toObject } from "./object-item.ts"
import type { Owner } from "./owner.ts"
import type { Item } from "./table.ts"

export * as Previous from "./previous.ts"

/** An object as it was stored, and the version that it became; `gone`: it was removed. */
export type Replaced = { ref: ObjectRef; item: Item; version: string }

export const gone = "gone"

/** Agents tell within a second who changed an object, or when the link is up again. */
const keptMs = 15 * 60_000

const isConfig = ({ kind }: ObjectRef): boolean => {
  const family = kindOf(kind)?.family
  return family === "istio" || family === "gateway"
}

/** Keeps for a while what objects of configuration were: by the time that an agent tells who changed one, the inventory has the new one already. */
export async function keep(cloud: Cloud, owner: Owner, replaced: readonly Replaced[]): Promise<void> {
  await each(
    replaced.filter(({ ref, version }) => isConfig(ref) && version !== ""),
    async ({ ref, item, version }) => {
      const { organizationId, clusterId } = owner
      const { pk: _pk, sk: _sk, ...content } = item
      await cloud.table.put({
        ...content,
        ...key.previous(organizationId, clusterId, { ...ref, version }),
        ttl: secondsOf(cloud.now() + keptMs),
      })
    },
  )
}

/** What an object was before it became this version. */
export async function read(
  cloud: Cloud,
  { organizationId, clusterId }: Owner,
  at: ObjectRef & { version: string },
): Promise<KubeObject | undefined> {
  const { pk, sk } = key.previous(organizationId, clusterId, at)
  const item = await cloud.table.get(pk, sk)
  return item && toObject(item).object
}
