import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, expect, test } from "vitest"

const main = fileURLToPath(new URL("main.ts", import.meta.url))
let folder: string
const children: ChildProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smm-main-"))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
  await rm(folder, { recursive: true, force: true })
})

function run(...args: string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] })
  children.push(child)
  let out = ""
  let err = ""
  const { promise: line, resolve } = Promise.withResolvers<string>()
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString()
    if (out.includes("\n")) resolve(out)
  })
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) => {
    child.once("close", (code) => {
      done({ code, out, err })
    })
  })
  return { child, line, ended }
}

test("prints one ready line, serves with its token, and ends well at SIGTERM", async () => {
  const { child, line, ended } = run("--port", "0", "--data", folder, "--json")
  const ready = JSON.parse(await line) as { url: string; token: string; org: string }
  const answer = await fetch(`${ready.url}/api/v1/session`, {
    headers: { authorization: `Bearer ${ready.token}` },
  })
  expect(await answer.json()).toMatchObject({ role: "owner", organization: { organizationId: ready.org } })
  child.kill("SIGTERM")
  expect(await ended).toMatchObject({ code: 0, out: await line, err: "" })
})

test.each([
  [
    "a taken port",
    /^smm: port \d+ of 127\.0\.0\.1 is taken[^\n]*\n$/,
    ["--port", "TAKEN", "--data", "FOLDER"],
  ],
  [
    "a folder that is a file",
    /^smm: [^\n]*cannot be used[^\n]*\n$/,
    ["--port", "0", "--data", "FOLDER/file"],
  ],
  [
    "data of a newer version",
    /^smm: [^\n]*version "99"[^\n]*newer release[^\n]*\n$/,
    ["--port", "0", "--data", "FOLDER"],
  ],
  ["a port that is none", /^smm: --port "x"[^\n]*\n$/, ["--port", "x", "--data", "FOLDER"]],
  ["an option that is none", /^smm: [^\n]*--wrong[^\n]*\n$/, ["--wrong"]],
])("ends with 2 and one line for %s", async (_, line, args) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve))
  await writeFile(join(folder, "file"), "")
  await writeFile(join(folder, "version"), "99\n")
  const port = String((taken.address() as AddressInfo).port)
  const { ended } = run(...args.map((arg) => arg.replace("TAKEN", port).replace("FOLDER", folder)))
  const { code, out, err } = await ended
  expect({ code, out }).toEqual({ code: 2, out: "" })
  expect(err).toMatch(line)
  await new Promise((resolve) => taken.close(resolve))
})
