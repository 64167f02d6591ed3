import { readFileSync, readdirSync, realpathSync, statSync } from "node:fs"
import { join } from "node:path"
import { UsageError } from "../exit.ts"

/** A file's name as it was given (or found below what was given), and its text. */
export type Source = { name: string; text: string }

const named = /\.(?:ya?ml|json)$/i
const utf16 = /^(?:\xff\xfe|\xfe\xff)/

/** Files below a folder, in order; hidden ones and what they hold are left out, as are links in a circle. */
function filesBelow(folder: string, seen: Set<string>): string[] {
  const real = realpathSync(folder)
  if (seen.has(real)) return []
  seen.add(real)
  const found: string[] = []
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue
    const path = join(folder, entry.name)
    const folderLike = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path))
    if (folderLike) found.push(...filesBelow(path, seen))
    else if (named.test(entry.name)) found.push(path)
  }
  return found
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function cause(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  if (code === "ENOENT") return "is not there"
  if (code === "EACCES" || code === "EPERM") return "may not be read"
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`
}

/** Larger files than the reader takes are not even loaded. */
const maxBytes = 1024 * 1024 * 1024

/** The text of a file in UTF-8, or in UTF-16 with its mark. @throws UsageError */
export function textOf(path: string): string {
  try {
    const bytes = readFileSync(path)
    if (bytes.length > maxBytes) throw new UsageError(`${path} has more than 1 GiB; split it`)
    if (utf16.test(bytes.toString("latin1", 0, 2)))
      return new TextDecoder(bytes[0] === 0xff ? "utf-16le" : "utf-16be").decode(bytes)
    return bytes.toString("utf8")
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${path} ${cause(error)}`)
  }
}

/** What `-f` names: a file, a folder with all below it, or `-` for standard input. @throws UsageError */
export async function sourcesOf(
  path: string,
  input: () => Promise<string>,
  told: (name: string) => void,
): Promise<Source[]> {
  if (path === "-") return [{ name: "-", text: await input() }]
  let files: string[]
  try {
    files = statSync(path).isDirectory() ? filesBelow(path, new Set()) : [path]
  } catch (error) {
    throw new UsageError(`${path} ${cause(error)}`)
  }
  if (files.length === 0)
    throw new UsageError(`${path} holds no file named *.yaml, *.yml or *.json; name the file itself`)
  return files.map((name) => {
    told(name)
    return { name, text: textOf(name) }
  })
}
