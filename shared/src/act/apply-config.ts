import { patchBetween } from "../edit/diff.ts"
import type { PatchOperation } from "../edit/edit.ts"
import type { KubeObject } from "../kube/object.ts"
import { differenceOf, holds, type Leaves, leavesOf, managedOf, type Path, textOf } from "./field-set.ts"
import { placeLeaf } from "./leaf.ts"
import { fieldManager } from "./owner.ts"

type Test = { op: "test"; path: string; value: unknown }

/** The one request that makes `after` of `live`: server-side apply, or a JSON patch where fields go that others own as well. Either has its precondition. */
export type Write =
  | { how: "none" }
  | { how: "apply"; body: KubeObject }
  | { how: "json-patch"; body: readonly (PatchOperation | Test)[] }

type Fields = Record<string, unknown>

const identityOf = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => ({
  apiVersion,
  kind,
  metadata: {
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
  },
})

function bodyOf(live: KubeObject, leaves: Leaves, isOurs: (path: Path) => boolean): KubeObject {
  const body = identityOf(live)
  for (const { path, value } of leaves.values()) if (isOurs(path)) placeLeaf(body as Fields, path, value)
  return body
}

const testsOf = (live: KubeObject): Test[] =>
  (["resourceVersion", "uid"] as const).flatMap((name) =>
    live.metadata[name] === undefined
      ? []
      : [{ op: "test", path: `/metadata/${name}`, value: live.metadata[name] }],
  )

/**
 * How to make `after` of `live`, which is as the server answered it, with its managed fields. Server-side apply takes away only what our own
 * entry alone has held.
 */
export function writeOf(live: KubeObject, after: KubeObject): Write {
  const leaves = leavesOf(after, live)
  const { set, removed } = differenceOf(leavesOf(live), leaves)
  if (set.length === 0 && removed.length === 0) return { how: "none" }
  const entries = managedOf(live)
  const isOurs = ({ manager, operation }: (typeof entries)[number]): boolean =>
    manager === fieldManager && operation === "Apply"
  const own = entries.filter(isOurs)
  const others = entries.filter((entry) => !isOurs(entry))
  const goes = (path: Path): boolean =>
    own.some(({ fields }) => holds(fields, path)) && !others.some(({ fields }) => holds(fields, path))
  if (!removed.every(goes))
    return { how: "json-patch", body: [...testsOf(live), ...patchBetween(live, after)] }
  const touched = new Set(set.map(textOf))
  return {
    how: "apply",
    body: bodyOf(
      live,
      leaves,
      (path) => touched.has(textOf(path)) || own.some(({ fields }) => holds(fields, path)),
    ),
  }
}
