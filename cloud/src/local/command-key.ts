import { open, readFile, rename, stat } from "node:fs/promises"
import { join } from "node:path"
import { type KeyRing, newKeyRing, parseKeyRing, rotate } from "../auth/signer.ts"
import { DataFolderError } from "../store/embedded.ts"

const fileOf = (folder: string): string => join(folder, "command-keys.json")

/** On the disk before it has its name: a key that agents have pinned must not be lost with the power. */
async function write(path: string, ring: KeyRing): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(`${JSON.stringify(ring, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

async function read(path: string): Promise<KeyRing | undefined> {
  let text: string
  try {
    text = await readFile(path, "utf8")
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0)
    throw new DataFolderError(
      `${path} holds the key that clusters are commanded with and may be read by others (mode ${(mode & 0o777).toString(8)}): chmod 600 it, and rotate it if others were on this machine`,
    )
  try {
    return parseKeyRing(text)
  } catch (cause) {
    throw new DataFolderError(
      `${path} ${cause instanceof Error ? cause.message : String(cause)}: put it back from a copy, or remove it and let every cluster join again`,
      { cause },
    )
  }
}

/** The keys of a data folder: made at the first start, found at every other. null: of this process only. @throws DataFolderError */
export async function ensureKeyRing(folder: string | null): Promise<KeyRing> {
  if (folder === null) return newKeyRing()
  const path = fileOf(folder)
  const known = await read(path)
  if (known !== undefined) return known
  const made = newKeyRing()
  await write(path, made)
  return made
}

/** Gives the folder its next key; a server that runs takes it up at its next start. @throws DataFolderError */
export async function rotateKeyRing(folder: string, retires: "earlier" | "all"): Promise<KeyRing> {
  const path = fileOf(folder)
  const known = await read(path)
  if (known === undefined)
    throw new DataFolderError(`${path} is not there: start the server with --data ${folder} once`)
  const next = rotate(known, retires)
  await write(path, next)
  return next
}
