import { readdirSync } from "node:fs"
import { join } from "node:path"

/** The files of a folder and its folders, by name. */
export const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
