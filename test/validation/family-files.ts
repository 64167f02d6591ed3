import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"

const folder = join(import.meta.dirname, "../../shared/src/validation/family")

/** The items of every list that the families' files of a name export (`examples.ts`). They are no part of the engine, and so are found by where they are. */
export async function listedInFamilies<T>(file: string, isItem: (value: T) => boolean): Promise<T[]> {
  const all: T[] = []
  for (const family of readdirSync(folder).sort()) {
    const path = join(folder, family, file)
    if (!existsSync(path)) continue
    const exported = (await import(path)) as Record<string, unknown>
    for (const list of Object.values(exported))
      if (Array.isArray(list) && (list as T[]).every(isItem)) all.push(...(list as T[]))
  }
  return all
}
