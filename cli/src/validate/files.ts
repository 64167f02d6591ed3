import { type Dirent, existsSync, readFileSync, readdirSync, realpathSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Problem } from "#shared/document/read.ts"
import { UsageError } from "../exit.ts"

/** A file's name as it was given (or found below what was given), and its text. */
export type Source = {
  name: string
  text: string
  /** In a folder, not named by itself: nobody said that it holds objects. */
  isFound: boolean
}

const named = /\.(?:ya?ml|json)$/i
const utf16 = /^(?:\xff\xfe|\xfe\xff)/

/** Other people's packages, with a lot of JSON. */
const leftOut = (name: string): boolean => name.startsWith(".") || name === "node_modules"

/** Files below a folder, in order; hidden ones and what they hold are left out, as are links in a circle. A folder that may not be read is told. */
function filesBelow(
  folder: string,
  seen: Set<string>,
  unread: (path: string, error: unknown) => void,
): string[] {
  let entries: Dirent[]
  try {
    const real = realpathSync(folder)
    if (seen.has(real)) return []
    seen.add(real)
    entries = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    unread(folder, error)
    return []
  }
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (leftOut(entry.name)) continue
    const path = join(folder, entry.name)
    const folderLike = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path))
    if (folderLike) found.push(...filesBelow(path, seen, unread))
    else if (named.test(entry.name)) found.push(path)
  }
  return found
}

/** Of a link: whether it ends at a folder. One that ends nowhere, or at itself, does not. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function cause(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  if (code === "ENOENT") return "is not there"
  if (code === "EACCES" || code === "EPERM") return "may not be read"
  if (code === "ELOOP") return "is a link that leads to itself"
  if (error instanceof UsageError) return error.message
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`
}

/** Larger files than the reader takes are not even loaded. */
const maxBytes = 512 * 1024 * 1024

function read(path: string): string {
  if (statSync(path).size > maxBytes) throw new UsageError("has more than 512 MiB; split it")
  const bytes = readFileSync(path)
  if (utf16.test(bytes.toString("latin1", 0, 2)))
    return new TextDecoder(bytes[0] === 0xff ? "utf-16le" : "utf-16be").decode(bytes)
  return bytes.toString("utf8")
}

/** The text of a file in UTF-8, or in UTF-16 with its mark. @throws UsageError */
export function textOf(path: string): string {
  try {
    return read(path)
  } catch (error) {
    throw new UsageError(`${path} ${cause(error)}`)
  }
}

const problemOf = (file: string, error: unknown): Problem => ({
  file,
  line: 1,
  column: 1,
  level: "error",
  message: cause(error),
  remedy: "Make it readable, or name the files one by one",
})

/** What `-f` names: a file, a folder with all below it, or `-` for standard input. @throws UsageError for what was named and is not there */
export async function sourcesOf(
  path: string,
  input: () => Promise<string>,
  told: () => void,
): Promise<{ sources: Source[]; problems: Problem[] }> {
  if (path === "-") return { sources: [{ name: "-", text: await input(), isFound: false }], problems: [] }
  if (!isFolder(path)) return { sources: [{ name: path, text: textOf(path), isFound: false }], problems: [] }
  const problems: Problem[] = []
  const unread = (file: string, error: unknown): void => void problems.push(problemOf(file, error))
  const files = filesBelow(path, new Set(), unread)
  if (files.length === 0 && problems.length === 0)
    throw new UsageError(`${path} holds no file named *.yaml, *.yml or *.json; name the file itself`)
  const sources: Source[] = []
  for (const name of files) {
    told()
    try {
      sources.push({ name, text: read(name), isFound: true })
    } catch (error) {
      unread(name, error)
    }
  }
  return { sources, problems }
}

/** The folder of the repository that holds a folder: the next one above with a `.git`; the folder itself where there is none. */
export function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at
    if (at === dirname(at)) return folder
  }
}
