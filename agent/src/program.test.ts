import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { startTestCloud, type TestCloud } from "../test/cloud.ts"
import { startTestApiServer, type TestApiServer } from "../test/api-server.ts"

const entry = join(import.meta.dirname, "../bin/smm-agent.mjs")

describe("smm-agent as a program", () => {
  let folder: string
  let cloud: TestCloud
  let server: TestApiServer
  const children: ReturnType<typeof launch>[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "smm-program-"))
    cloud = await startTestCloud()
    server = await startTestApiServer()
    await writeFile(join(folder, "kubeconfig"), server.config.exportConfig())
  })
  afterEach(async () => {
    for (const { child, closed } of children.splice(0)) {
      child.kill("SIGKILL")
      await closed
    }
    await cloud.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  function launch(args: string[], program = entry) {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env["PATH"] ?? "", HOME: folder },
      stdio: ["ignore", "pipe", "pipe"],
    })
    const said = { out: "", err: "" }
    child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()))
    const closed = once(child, "close").then(([code]) => code as number | null)
    return { child, said, closed }
  }
  function run(args: string[], program?: string) {
    const started = launch(args, program)
    children.push(started)
    return started
  }
  const usual = (...more: string[]): string[] => [
    ...["--server", cloud.url, "--kubeconfig", join(folder, "kubeconfig")],
    ...["--state", join(folder, "state"), "--token", cloud.token],
    ...more,
  ]

  test.each([
    [["--server", "nonsense"], /^smm-agent: --server wants an address.*\n$/],
    [
      ["--server", "http://x", "--kubeconfig", "/nowhere"],
      /^smm-agent: cannot read the kubeconfig \/nowhere: .*\n$/,
    ],
    [
      ["--server", "http://x", "--kubeconfig", "/nowhere", "--token", "a'b\nc"],
      /^smm-agent: --token wants a join token.*\n$/,
    ],
  ])("%j is one line and exit 2", async (args, line) => {
    const { closed, said } = run(args)
    expect(await closed).toBe(2)
    expect(said.err).toMatch(line)
  })

  test("a token that is dead is one line that says what to do, and exit 1", async () => {
    cloud.token = `smj_${"b".repeat(43)}`
    const { closed, said } = run([...usual("--log-level", "silent"), "--token", `smj_${"c".repeat(43)}`])
    expect(await closed).toBe(1)
    expect(said.err).toBe("smm-agent: cannot join: refused with join.invalid\n")
  })

  test("answers its probes, logs no secret, and ends at SIGTERM", async () => {
    const { child, closed, said } = run(usual("--port", "0", "--log-level", "debug"))
    let port = 0
    await vi.waitFor(
      () => {
        port = Number(/"port":(\d+)/.exec(said.out)?.[1])
        expect(port).toBeGreaterThan(0)
      },
      { timeout: 15_000 },
    )
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
    expect(await (await get("/healthz")).text()).toBe("the agent runs\n")
    await vi.waitFor(() => expect(cloud.connections).toHaveLength(1), { timeout: 15_000 })
    await vi.waitFor(async () => expect((await get("/readyz")).status).toBe(200), { timeout: 15_000 })
    const metrics = await (await get("/metrics")).text()
    expect(metrics).toContain("smm_agent_link_connected 1")
    expect(metrics).toMatch(/smm_agent_resident_memory_bytes \d+/)
    expect((await get("/else")).status).toBe(404)
    child.kill("SIGTERM")
    expect(await closed).toBe(0)
    expect(said.out).not.toContain(cloud.token)
    expect(said.out).not.toContain("privateKey")
    expect(said.err).toBe("")
  })

  test("the one bundled file needs nothing beside it: it joins, watches, and asks Prometheus", async () => {
    const bundle = join(folder, "smm-agent.mjs")
    const builder = spawn(process.execPath, [join(import.meta.dirname, "../build.mjs"), bundle], {
      stdio: "ignore",
    })
    expect((await once(builder, "close"))[0]).toBe(0)
    const asked: string[] = []
    const prometheus = createServer((request, response) => {
      asked.push(request.url ?? "")
      response.writeHead(503).end()
    })
    await new Promise<void>((resolve) => prometheus.listen(0, "127.0.0.1", resolve))
    const { port } = prometheus.address() as AddressInfo
    try {
      server.put({ metadata: { name: "x", namespace: "shop" } })
      const { child, closed, said } = run(usual("--prometheus", `http://127.0.0.1:${port}`), bundle)
      await vi.waitFor(() => expect(cloud.objects.has("Pod|shop|x")).toBe(true), { timeout: 15_000 })
      await vi.waitFor(() => expect(asked.join()).toContain("/api/v1/query"), { timeout: 15_000 })
      child.kill("SIGTERM")
      expect(await closed).toBe(0)
      expect(said.err).toBe("")
    } finally {
      prometheus.closeAllConnections()
      prometheus.close()
    }
  })
})
