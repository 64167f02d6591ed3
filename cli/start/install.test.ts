import { spawnSync } from "node:child_process"
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "smm-install-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("a link to another checkout's packages is not filled: npm would empty what is behind it first", () => {
  const [checkout, other] = [join(folder, "checkout"), join(folder, "other")]
  mkdirSync(join(checkout, "cli", "start"), { recursive: true })
  mkdirSync(other)
  writeFileSync(join(other, "kept"), "")
  writeFileSync(join(checkout, "package-lock.json"), "{}")
  const file = join(checkout, "cli", "start", "install.mjs")
  copyFileSync(join(import.meta.dirname, "install.mjs"), file)
  symlinkSync(other, join(checkout, "node_modules"))
  const script = `const { ensureInstalled } = await import(${JSON.stringify(file)}); ensureInstalled(() => {})`
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  })
  expect(status).toBe(1)
  expect(stderr).toContain("is a link to packages of another checkout")
  expect(readdirSync(other)).toEqual(["kept"])
})
