import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { readLocal } from "#cli/local.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import { createClient } from "#shared/api/client.ts"
import { TopologyDocument } from "#shared/topology/document.ts"
import { programOnPath } from "../real/program.ts"
import { skipNote } from "../real/skip.ts"
import { type Command, runCommand } from "./started.ts"

const longTest = 60_000
let folder: string
let local: LocalCloud
let viewer: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "smm-cli-process-"))
  local = await startLocal({ port: 0, data: null })
  const client = createClient({ server: local.url, token: local.owner.token, fetch })
  await client.call("createCluster", { body: { name: "waiting" } })
  viewer = (await client.call("createToken", { body: { name: "viewer", role: "viewer", expiresInDays: 1 } }))
    .secret
})
afterAll(async () => {
  await local.close()
  rmSync(folder, { recursive: true, force: true })
})

const configFile = (): string => join(folder, "config", "smm.json")

/** `smm` as its own process, under the Node that a person has. Signed in by environment unless told otherwise. */
function smm(
  args: readonly string[],
  { env, input }: { env?: Record<string, string>; input?: string } = {},
): Command {
  const signedIn = { SMM_SERVER: local.url, SMM_TOKEN: local.owner.token }
  return runCommand("node", ["cli/bin/smm.mjs", ...args], {
    env: { SMM_CONFIG: configFile(), ...(env ?? signedIn) },
    ...(input === undefined ? {} : { input }),
  })
}

describe("the exit code of smm", () => {
  const nowhere = "http://127.0.0.1:1"
  const cases: [number, string[], Record<string, string> | undefined, RegExp][] = [
    [0, ["topology"], undefined, /No cluster has sent metrics yet/],
    [0, ["help", "topology"], {}, /^$/],
    [1, ["status"], undefined, /^$/],
    [1, ["clusters", "remove", "waiting"], undefined, /smm clusters remove waiting --yes/],
    [2, [], {}, /Usage: smm/],
    [2, ["topologie"], undefined, /Did you mean topology/],
    [2, ["topology", "-o", "xml"], undefined, /Allowed choices are table, wide, json, yaml/],
    [2, ["get"], undefined, /missing required argument 'kind'/],
    [2, ["topology", "--server", "mesh.example"], undefined, /write https:\/\/mesh.example/],
    [3, ["topology"], {}, /run smm login/],
    [3, ["topology", "--token", `smm_${"A".repeat(43)}`], undefined, /token/],
    [4, ["topology", "--cluster", "nothing"], undefined, /no cluster "nothing"; there are: waiting/],
    [4, ["topology", "--org", "nothing"], undefined, /no organization "nothing" among yours: local/],
    [0, ["findings"], undefined, /^note: Waiting for the agent of waiting\n$/],
    [0, ["rules", "KIA1107"], {}, /^$/],
    [2, ["findings", "--level", "fatal"], undefined, /there are error, warning, info/],
    [3, ["findings"], {}, /run smm login/],
    [4, ["findings", "--code", "IST9999"], undefined, /no rule has the code "IST9999"/],
    [4, ["rules", "subset_unknown"], {}, /is it virtualservice\.subset_unknown/],
    [5, ["findings", "--server", nowhere], undefined, /127\.0\.0\.1:1/],
    [5, ["topology", "--server", nowhere], undefined, /127\.0\.0\.1:1/],
  ]
  test.each(cases)(
    "is %i for %j",
    async (code, args, env, words) => {
      const command = smm(args, env === undefined ? {} : { env })
      expect([await command.ended, command.stderr()]).toEqual([code, expect.stringMatching(words)])
      expect(command.stderr()).not.toMatch(/^ +at /m)
    },
    longTest,
  )

  test("is 4 for what the role does not allow, which is named", async () => {
    const command = smm(["tokens", "list"], { env: { SMM_SERVER: local.url, SMM_TOKEN: viewer } })
    expect([await command.ended, command.stderr()]).toEqual([4, expect.stringMatching(/viewer/)])
  })

  test(
    "is that of an interrupt when a wait is broken off",
    async () => {
      const command = smm(["clusters", "add", "later", "--wait"])
      await vi.waitFor(() => expect(command.stdout()).toMatch(/^curl /), { timeout: 20_000 })
      process.kill(-(command.child.pid ?? 0), "SIGINT")
      expect(await command.ended).toBe(130)
    },
    longTest,
  )
})

describe("smm as a person runs it", () => {
  test(
    "is found by npx, without a network",
    async () => {
      const command = runCommand("npx", ["--no", "--offline", "smm", "topology", "-o", "json"], {
        env: { SMM_SERVER: local.url, SMM_TOKEN: viewer, SMM_CONFIG: configFile() },
      })
      expect([await command.ended, command.stderr()]).toEqual([0, ""])
      const document = TopologyDocument.parse(JSON.parse(command.stdout()))
      expect(document).toMatchObject({ nodes: [], edges: [] })
      expect(Object.keys(document)).toEqual(
        expect.arrayContaining(["at", "window", "nodes", "edges", "notices"]),
      )
    },
    longTest,
  )

  test(
    "keeps its sign-in where only its owner reads it, and says nothing of the token",
    async () => {
      const login = smm(["login", "--server", local.url], { env: {}, input: `${viewer}\n` })
      expect([await login.ended, login.stderr()]).toEqual([0, expect.stringContaining("viewer of local")])
      expect(login.stdout() + login.stderr()).not.toContain(viewer)
      expect([statSync(configFile()).mode & 0o777, statSync(join(folder, "config")).mode & 0o777]).toEqual([
        0o600, 0o700,
      ])
      expect(JSON.parse(readFileSync(configFile(), "utf8"))).toMatchObject({
        server: local.url,
        token: viewer,
      })
      const status = smm(["clusters", "list"], { env: {} })
      expect([await status.ended, status.stdout()]).toEqual([0, expect.stringContaining("waiting")])
    },
    longTest,
  )

  test("a pipe that closes early is no error", async () => {
    const command = runCommand("bash", [
      "-c",
      "set -o pipefail; node cli/bin/smm.mjs completion bash | head -1",
    ])
    expect([await command.ended, command.stdout(), command.stderr()]).toEqual([
      0,
      "# source <(smm completion bash)\n",
      "",
    ])
  })
})

describe("what npm start leaves for smm login", () => {
  test("is read, and what is none of its is no local server", () => {
    const file = join(folder, "local.json")
    expect(readLocal(file)).toBeNull()
    writeFileSync(file, "{")
    expect(readLocal(file)).toBeNull()
    writeFileSync(file, JSON.stringify({ url: "http://127.0.0.1:7780", token: "smm_x" }))
    expect(readLocal(file)).toEqual({ url: "http://127.0.0.1:7780", token: "smm_x" })
  })
})

/** Lines to complete, the last word is the one under the cursor, with what must be offered, and what must not. */
const lines: [string[], string, string][] = [
  [["cl"], "clusters", "topology"],
  [["clusters", ""], "remove", "topology"],
  [["-o", ""], "yaml", "topology"],
  [["-o", "wide", "topology", "--"], "--view", "--role"],
  [["topology", "--view", ""], "workload", "--view"],
  [["topology", "--"], "--output", "--expires"],
  [["get", "virt"], "virtualservices", "clusters"],
  [["get", "pods", "--"], "--selector", "--role"],
  [["--org", "acme", "clusters", "add", "x", "--"], "--wait", "--yes"],
  [["tokens", "create", "ci", "--role", ""], "viewer", "--role"],
  [["validate", "-o", ""], "sarif", "yaml"],
  [["services", "-o", ""], "yaml", "sarif"],
  [["rules", "virtualservice.sub"], "virtualservice.subset_unknown", "clusters"],
  [["findings", "sup"], "suppress", "topology"],
  [["findings", "--level", ""], "warning", "--level"],
  [["findings", "--code", "KIA11"], "KIA1107", "IST0101"],
  [["findings", "suppress", "IST01"], "IST0101", "KIA1107"],
  [["findings", "suppress", "IST0101", "--"], "--object", "--level"],
]

describe.each(["bash", "zsh", "fish"])("the completion of %s", (shell) => {
  const missing = programOnPath(shell) === null ? `no ${shell}; apt-get install ${shell}` : null
  const asked = join(tmpdir(), `smm-completion-${process.pid}-${shell}`)
  afterAll(() => rmSync(asked, { force: true }))

  /** Runs the shell's own completion on a line. */
  function completer(words: readonly string[]): string {
    if (shell === "fish") return `source ${asked}; complete -C 'smm ${words.join(" ")}'`
    const line = ["smm", ...words].map((word) => `'${word}'`).join(" ")
    const arrays = shell === "zsh" ? "setopt ksharrays; " : ""
    return `source ${asked}; ${arrays}COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _smm; printf '%s\\n' "\${COMPREPLY[@]}"`
  }

  test.skipIf(skipNote(`completion of ${shell}`, missing))(
    "offers what may follow",
    async () => {
      const printed = smm(["completion", shell], { env: {} })
      expect(await printed.ended).toBe(0)
      writeFileSync(asked, printed.stdout())
      for (const [words, offered, not] of lines) {
        const asks = runCommand(shell, [...(shell === "zsh" ? ["-f"] : []), "-c", completer(words)])
        expect([words, await asks.ended, asks.stderr()]).toEqual([words, 0, ""])
        const offers = asks
          .stdout()
          .split("\n")
          .map((each) => each.split("\t")[0] ?? "")
          // zsh leaves out by itself what does not begin with the word
          .filter((each) => each.startsWith(words.at(-1) ?? ""))
        expect([words, offers]).toEqual([words, expect.arrayContaining([offered])])
        expect([words, offers]).not.toEqual([words, expect.arrayContaining([not])])
      }
    },
    longTest,
  )
})
