import { z } from "zod"
import { Edit, Ref } from "../edit/edit-schema.ts"
import { levels } from "./finding.ts"

/** The wire form of findings and their fixes (finding.ts). */

export const Level = z.enum(levels)
/** RFC 6902 patches of plain objects, new objects, and objects to remove. */
export const Fix = z.object({ title: z.string(), edits: z.array(Edit).readonly() }).meta({ id: "Fix" })

export const Reference = z.object({ object: Ref, path: z.string(), cluster: z.string() })
