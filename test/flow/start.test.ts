import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { type AddressInfo } from "node:net"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { request } from "undici"
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest"
import { z } from "zod"
import { createClient } from "#shared/api/client.ts"
import { type Command, isReady, killAll, npmStart, processesNaming, root, runCommand } from "./started.ts"

const patience = { timeout: 90_000, interval: 50 }
const longTest = 200_000
const Ready = z.strictObject({ url: z.url(), token: z.string(), org: z.string() })
type Ready = z.infer<typeof Ready>

const newFolder = (): string => mkdtempSync(join(tmpdir(), "smm-start-"))

async function startOn(data: string, ...flags: string[]): Promise<{ command: Command; ready: Ready }> {
  const command = npmStart(["--port", "0", "--json", "--data", data, ...flags])
  try {
    await vi.waitFor(
      () => expect([isReady(command), command.stderr()]).toEqual([true, expect.any(String)]),
      patience,
    )
  } catch (error) {
    killAll(data)
    throw error
  }
  return { command, ready: Ready.parse(JSON.parse(command.stdout())) }
}

const clientOf = ({ url, token }: Ready) => createClient({ server: url, token, fetch })

const whatRuns = (data: string): string[] =>
  processesNaming(data).map(
    ({ line }) =>
      /(npm start|sh -c|start\.mjs|[a-z]+\/src\/main\.ts|cli\/start\/main\.ts)/.exec(line)?.[0] ?? line,
  )

/** What is left over of a start: processes by name, and the file by which `smm login` finds it. */
const isGone = (data: string) => async (): Promise<void> =>
  vi.waitFor(() => {
    expect(whatRuns(data)).toEqual([])
    expect(() => statSync(join(data, "local.json"))).toThrow("ENOENT")
  }, patience)

describe("npm start with the smallest demo", () => {
  const data = newFolder()
  let command: Command
  let ready: Ready

  beforeAll(async () => {
    ;({ command, ready } = await startOn(data, "--demo", "bookinfo"))
  }, longTest)
  afterAll(() => {
    killAll(data)
    rmSync(data, { recursive: true, force: true })
  })

  test("prints one line for scripts, whose token is the owner's", async () => {
    expect(command.stdout().split("\n")).toEqual([expect.stringMatching(/^\{"url":/), ""])
    const session = await clientOf(ready).call("getSession")
    expect([session.role, session.organization.organizationId]).toEqual(["owner", ready.org])
  })

  test("says each long step, and one address that signs the owner in once", async () => {
    expect(command.stderr()).toMatch(/Starting database, API and console\nStarting the demo cluster/)
    const [link = ""] = /http:\S+sign-in\?code=\S+/.exec(command.stderr()) ?? []
    expect(new URL(link).origin).toBe(ready.url)
    const page = await fetch(link)
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("html")])
    const code = new URL(link).searchParams.get("code")
    const signIn = () =>
      fetch(`${ready.url}/api/v1/session`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: ready.url },
        body: JSON.stringify({ code }),
      })
    expect((await signIn()).status).toBe(200)
    expect((await signIn()).status).toBe(401)
  })

  test("answers to this machine's own names and addresses only", async () => {
    const { port } = new URL(ready.url)
    const rebound = await request(ready.url, { headers: { host: `mesh.example:${port}` } })
    expect(rebound.statusCode).toBe(421)
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    const addresses = others.filter(({ internal, family }) => !internal && family === "IPv4")
    for (const address of ["127.0.0.2", ...addresses.map((one) => one.address)])
      await expect(request(`http://${address}:${port}/healthz`)).rejects.toThrow(/ECONNREFUSED/)
  })

  test(
    "has the demo's cluster live, with traffic",
    async () => {
      const client = clientOf(ready)
      await vi.waitFor(async () => {
        const { edges } = await client.call("getTopology", { query: { namespace: ["bookinfo"] } })
        expect(edges.length).toBeGreaterThan(3)
      }, patience)
      const { items } = await client.call("listClusters")
      expect(items.map(({ name, link }) => [name, link])).toEqual([["demo", "live"]])
    },
    longTest,
  )

  test(
    "lets its owner act at once, as the user whom the demo's policy maps",
    async () => {
      const client = clientOf(ready)
      const cluster = (await client.call("listClusters")).items.find(({ name }) => name === "demo")
      if (!cluster) throw new Error("the demo is there")
      expect(cluster.act).toMatchObject({ mode: "mapped", reason: "", problems: [] })
      const change = await client.call("createChange", {
        body: {
          intent: {
            control: "shift",
            service: { namespace: "bookinfo", name: "reviews" },
            set: { weights: { v1: 80, v3: 20 } },
          },
          clusters: [cluster.clusterId],
        },
      })
      expect([change.state, change.clusters[0]?.as]).toEqual([
        "applied",
        { user: "platform-admin", groups: ["mesh-admins"] },
      ])
    },
    longTest,
  )

  test(
    "tells how a terminal signs in, in a line that works as it is",
    async () => {
      const [line = ""] = /npx smm login [^,]+/.exec(command.stderr()) ?? []
      const config = join(data, "config.json")
      const login = runCommand("sh", ["-c", line], { env: { SMM_CONFIG: config } })
      expect([await login.ended, login.stderr()]).toEqual([0, expect.stringContaining("owner of local")])
      expect(statSync(config).mode & 0o777).toBe(0o600)
    },
    longTest,
  )

  test("keeps its secrets readable for their owner alone", () => {
    for (const [file, mode] of [
      ["token", 0o600],
      ["local.json", 0o600],
      [".", 0o700],
    ] as const)
      expect([file, statSync(join(data, file)).mode & 0o777]).toEqual([file, mode])
  })

  test(
    "keeps a second one off its port, and off its folder",
    async () => {
      const onPort = npmStart(["--no-demo", "--port", new URL(ready.url).port, "--data", newFolder()])
      expect([await onPort.ended, lastLine(onPort)]).toEqual([
        2,
        expect.stringMatching(/^smm: port \d+ of 127.0.0.1 is taken: .+ --port/),
      ])
      const onFolder = npmStart(["--no-demo", "--port", "0", "--data", data])
      expect([await onFolder.ended, lastLine(onFolder)]).toEqual([
        2,
        expect.stringMatching(/^smm: data folder .+ is in use by another process: .+ --data/),
      ])
      expect((await clientOf(ready).call("getSession")).role).toBe("owner")
    },
    longTest,
  )

  test(
    "ends with Ctrl-C, whole, and is the same after that",
    async () => {
      const { items: before } = await clientOf(ready).call("listClusters")
      expect(whatRuns(data)).toEqual(
        expect.arrayContaining(["cli/start/main.ts", "demo/src/main.ts", "agent/src/main.ts"]),
      )
      process.kill(-(command.child.pid ?? 0), "SIGINT")
      await command.ended
      expect(command.stderr()).toMatch(/\nStopping\n$/)
      await isGone(data)()

      const again = await startOn(data, "--demo", "bookinfo")
      expect(again.ready).toMatchObject({ token: ready.token, org: ready.org })
      const { items } = await clientOf(again.ready).call("listClusters")
      expect(items.map(({ clusterId, link }) => [clusterId, link])).toEqual(
        before.map(({ clusterId }) => [clusterId, "live"]),
      )
      process.kill(-(again.command.child.pid ?? 0), "SIGINT")
      await isGone(data)()
    },
    longTest,
  )
})

const lastLine = (command: Command): string => command.stderr().trimEnd().split("\n").at(-1) ?? ""

describe("npm start that is ended from outside", () => {
  const data = newFolder()
  afterAll(() => {
    killAll(data)
    rmSync(data, { recursive: true, force: true })
  })
  const npm = (command: Command): number => command.child.pid ?? 0
  const starter = (): number =>
    processesNaming(data).find(({ line }) => line.startsWith("node cli/start/start.mjs"))?.pid ?? 0

  test.each<[string, (command: Command) => number, NodeJS.Signals]>([
    ["SIGTERM to npm", npm, "SIGTERM"],
    ["SIGKILL of npm", npm, "SIGKILL"],
    ["SIGHUP of the whole job", (command) => -npm(command), "SIGHUP"],
    ["SIGTERM to its first process", starter, "SIGTERM"],
    ["SIGKILL of its first process", starter, "SIGKILL"],
    ["SIGKILL of the whole job", (command) => -npm(command), "SIGKILL"],
  ])(
    "by %s leaves no process and no lock",
    async (_, victim, signal) => {
      // The start on the folder of the one before is the proof that nothing is locked.
      const { command } = await startOn(data, "--demo", "bookinfo")
      expect(whatRuns(data)).toContain("agent/src/main.ts")
      process.kill(victim(command), signal)
      await vi.waitFor(() => expect(whatRuns(data)).toEqual([]), patience)
    },
    longTest,
  )

  test(
    "while it starts leaves nothing either",
    async () => {
      const command = npmStart(["--port", "0", "--data", data, "--demo", "shop"])
      await vi.waitFor(() => expect(command.stderr()).toContain("Starting the demo"), patience)
      process.kill(-npm(command), "SIGINT")
      await command.ended
      expect(command.stderr()).not.toContain("Ready")
      await isGone(data)()
    },
    longTest,
  )
})

describe("npm start that cannot work", () => {
  const folder = newFolder()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const inFolder = (name: string) => join(folder, name)

  test.each<[string, () => string[] | Promise<string[]>, RegExp]>([
    [
      "on a port that something else has",
      async () => {
        const server = createServer().listen(0, "127.0.0.1")
        onTestFinished(() => void server.close())
        await new Promise((resolve) => server.once("listening", resolve))
        return ["--port", String((server.address() as AddressInfo).port), "--data", inFolder("a")]
      },
      /^smm: port \d+ of 127\.0\.0\.1 is taken: stop what listens there, or name another with --port/,
    ],
    [
      "in a file",
      () => {
        writeFileSync(inFolder("file"), "")
        return ["--data", inFolder("file")]
      },
      /^smm: data folder \S+file cannot be used \((EEXIST|ENOTDIR)\): name one that you may write with --data/,
    ],
    [
      "in a folder that nobody may write",
      () => ["--data", "/sys/smm"],
      /^smm: data folder \/sys\/smm cannot be used \((EPERM|EACCES)\): name one that you may write/,
    ],
    [
      "in a folder of a newer version",
      () => {
        mkdirSync(inFolder("newer"))
        writeFileSync(join(inFolder("newer"), "version"), "99\n")
        return ["--data", inFolder("newer")]
      },
      /^smm: data folder \S+newer has version "99", this program reads up to \d+: start a newer release/,
    ],
    ["for the network", () => ["--host", "0.0.0.0"], /^smm: --host "0\.0\.0\.0": .+ only for this machine/],
    ["with a flag it does not know", () => ["--prot", "1"], /^smm: Unknown option '--prot'/],
    [
      "with a mesh it does not know",
      () => ["--demo", "bank"],
      /^smm: --demo "bank": wants bookinfo, shop, large/,
    ],
  ])(
    "%s says so in one line and exits with 2",
    async (_, flags, line) => {
      const command = npmStart(["--port", "0", "--no-demo", ...(await flags())])
      expect(await command.ended).toBe(2)
      expect(command.stdout()).toBe("")
      const lines = command.stderr().trimEnd().split("\n")
      expect(lines.filter((one) => !/^(Building|Waiting|Starting) /.test(one))).toEqual([
        expect.stringMatching(line),
      ])
    },
    longTest,
  )
})

describe("two builders of the console at once", () => {
  test("both end well, and the console is whole", async () => {
    const stamp = join(root, "web/build/.inputs")
    writeFileSync(stamp, "stale")
    const build = () => runCommand("node", ["cli/start/build.mjs", "web"])
    const both = [build(), build()]
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0])
    expect(both.map((one) => one.stderr()).join("")).toContain("Waiting for the build of another process")
    expect(readFileSync(stamp, "utf8")).toMatch(/^[0-9a-f]{64}$/)
    expect(readFileSync(join(root, "web/build/200.html"), "utf8")).toContain("<html")
  }, 240_000)
})
