import type { KubeObject, ObjectRef } from "../kube/object.ts"

/** One operation of RFC 6902; `path` is a JSON pointer into the whole object (`/spec/http/0/timeout`). */
export type PatchOperation =
  { op: "add" | "replace"; path: string; value: unknown } | { op: "remove"; path: string }

/** One edit of a plain object: a patch of one that is there, a new one, or the end of one. */
export type Edit =
  { object: ObjectRef; patch: readonly PatchOperation[] } | { create: KubeObject } | { remove: ObjectRef }
