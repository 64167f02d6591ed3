import { z } from "zod"
import { KubeObject } from "../kube/object-schema.ts"

/** The wire form of edits (edit.ts). */

export const Ref = z.object({ kind: z.string(), namespace: z.string(), name: z.string() })

export const PatchOperation = z.union([
  z.object({ op: z.enum(["add", "replace"]), path: z.string(), value: z.unknown() }),
  z.object({ op: z.literal("remove"), path: z.string() }),
])
export const Edit = z.union([
  z.object({ object: Ref, patch: z.array(PatchOperation).readonly() }),
  z.object({ create: KubeObject }),
  z.object({ remove: Ref }),
])
