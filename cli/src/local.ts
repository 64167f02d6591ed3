import { readFileSync } from "node:fs"
import { z } from "zod"

const Local = z.object({ url: z.string(), token: z.string() })

/** What a running `npm start` left in its data folder; null when there is none, or when what is there is none of its. */
export function readLocal(file: string): { url: string; token: string } | null {
  try {
    return Local.parse(JSON.parse(readFileSync(file, "utf8")))
  } catch {
    return null
  }
}
