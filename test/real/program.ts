import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"

/** Path of a program on PATH; null when there is none. */
export function programOnPath(name: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter)
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null
}
