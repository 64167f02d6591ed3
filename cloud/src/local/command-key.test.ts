import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ensureKeyRing, rotateKeyRing } from "./command-key.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smm-keys-"))
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const file = () => join(folder, "command-keys.json")

describe("the keys of a data folder", () => {
  test("are made at the first start, for their owner only, and the same at every other", async () => {
    const made = await ensureKeyRing(folder)
    expect((await stat(file())).mode & 0o777).toBe(0o600)
    expect(await ensureKeyRing(folder)).toEqual(made)
    expect((await ensureKeyRing(null)).keyId).not.toBe(made.keyId)
  })

  test("are rotated: the next start has the new one, with a certificate of the one before, whose private half is gone", async () => {
    const before = await ensureKeyRing(folder)
    const after = await rotateKeyRing(folder, "earlier")
    expect(await ensureKeyRing(folder)).toEqual(after)
    expect(after.certificates).toMatchObject([{ keyId: after.keyId, by: before.keyId, retires: [] }])
    expect((await stat(file())).mode & 0o777).toBe(0o600)
    expect(await readFile(file(), "utf8")).not.toContain(before.privateKey)
  })

  test("that others may read, or that are broken, stop the start with what to do", async () => {
    await expect(rotateKeyRing(folder, "all")).rejects.toThrow("is not there: start the server")
    await ensureKeyRing(folder)
    await chmod(file(), 0o644)
    await expect(ensureKeyRing(folder)).rejects.toThrow(/mode 644\): chmod 600 it/)
    await chmod(file(), 0o600)
    await writeFile(file(), "{}")
    await expect(ensureKeyRing(folder)).rejects.toThrow(/is no key ring: .* put it back from a copy/)
  })
})
