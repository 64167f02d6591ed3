import { z } from "zod"
import { KubeObject } from "../kube/object-schema.ts"
import { levels } from "./finding.ts"

/** The wire form of findings and their fixes (finding.ts). */

export const Level = z.enum(levels)
export const Ref = z.object({ kind: z.string(), namespace: z.string(), name: z.string() })

const PatchOperation = z.union([
  z.object({ op: z.enum(["add", "replace"]), path: z.string(), value: z.unknown() }),
  z.object({ op: z.literal("remove"), path: z.string() }),
])
const Edit = z.union([
  z.object({ object: Ref, patch: z.array(PatchOperation).readonly() }),
  z.object({ create: KubeObject }),
  z.object({ remove: Ref }),
])
/** RFC 6902 patches of plain objects, new objects, and objects to remove. */
export const Fix = z.object({ title: z.string(), edits: z.array(Edit).readonly() }).meta({ id: "Fix" })

export const Reference = z.object({ object: Ref, path: z.string(), cluster: z.string() })
