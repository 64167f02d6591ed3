import { readFileSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { type Documents, readDocuments } from "#shared/document/read.ts"
import { UsageError } from "./exit.ts"
import type { Io } from "./io.ts"

const readable = /\.(ya?ml|json)$/i

/** The YAML and JSON files of a folder and its folders, by name; a file as it is. @throws UsageError for what is not there */
function filesOf(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new UsageError(`${path} is not there`)
  if (!stat.isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => readable.test(name))
    .sort()
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
}

/** A text file, or standard input for `-`. @throws UsageError for what cannot be read */
export async function readText(io: Io, path: string): Promise<string> {
  if (path === "-") return io.readInput()
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The objects of files, folders and standard input (`-`), with what could not be read of them. @throws UsageError */
export async function readObjects(io: Io, paths: readonly string[]): Promise<Documents> {
  const all: Documents = { objects: [], problems: [], documents: 0 }
  for (const path of paths)
    for (const file of path === "-" ? [path] : filesOf(path)) {
      const { objects, problems, documents } = readDocuments(await readText(io, file), file)
      for (const object of objects) all.objects.push(object)
      all.problems.push(...problems)
      all.documents += documents
    }
  return all
}
