import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Io } from "../io.ts"
import { run } from "../program.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "smm-explain-"))
  mkdirSync(join(folder, "mesh"))
  writeFileSync(join(folder, "mesh", "routes.yaml"), mesh)
  writeFileSync(join(folder, "mesh", "notes.txt"), "not of the mesh")
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const mesh = `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec: { template: { metadata: { labels: { app: web } } } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart]
  http:
  - match: [{ headers: { x-user: { exact: ann } } }]
    directResponse: { status: 418 }
  - route: [{ destination: { host: cart } }]
`

async function smm(args: readonly string[], input = "") {
  const printed = { out: "", err: "" }
  const io: Io = {
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
    env: {},
    fetch: () => Promise.reject(new Error("explain asks no server")),
    now: () => 0,
    sleep: () => Promise.resolve(),
    readInput: () => Promise.resolve(input),
    isTerminal: false,
    config: { path: "", read: () => ({}), write: () => undefined },
    readLocal: () => null,
  }
  return { code: await run(args, io), ...printed }
}

const one = (...more: string[]) => [
  ...["explain", "-f", join(folder, "mesh"), "--via", "sidecar shop/web-1", "--host", "cart"],
  ...more,
]

describe("smm explain", () => {
  test("prints the route a request takes, and why the others do not", async () => {
    const { code, out } = await smm(one("--path", "/x?y=1"))
    expect(code).toBe(0)
    expect(out).toContain("route 1 of VirtualService shop/cart")
    expect(out).toContain('asks for header x-user exact "ann"')
  })

  test("takes headers, and prints a document with -o json", async () => {
    const { out } = await smm(["-o", "json", ...one("--header", "X-User=ann")])
    expect(JSON.parse(out)).toMatchObject({ virtualService: "shop/cart", route: 0, status: 418 })
  })

  test("answers many requests line by line, in their order", async () => {
    const via = "sidecar shop/web"
    const input = [
      { id: 7, via, port: 80, method: "GET", host: "cart", path: "/", headers: { "X-User": "ann" } },
      { id: 8, via, port: 80, method: "GET", host: "nowhere.example", path: "/", headers: {} },
    ]
    const { out } = await smm(
      ["explain", "-f", join(folder, "mesh", "routes.yaml"), "--requests", "-"],
      input.map((line) => JSON.stringify(line)).join("\n"),
    )
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toMatchObject([
      { id: 7, virtualService: "shop/cart", route: 0, destinations: [], status: 418 },
      { id: 8, virtualService: null, route: null, status: 502 },
    ])
  })

  test("knows from a mesh configuration that unknown hosts may be left for", async () => {
    const file = join(folder, "mesh-config.yaml")
    writeFileSync(file, "outboundTrafficPolicy: { mode: ALLOW_ANY }\n")
    const args = ["explain", "-f", join(folder, "mesh"), "--via", "sidecar shop/web", "--host", "x.example"]
    expect((await smm([...args, "--mesh-config", file])).out).toContain("no route\n")
    expect((await smm(args)).out).toContain("with ALLOW_ANY, Istio's default, the request leaves the mesh")
  })

  test("reads files as smm validate does: notes what is of other tools, and takes the mesh's configuration from Istio's namespace", async () => {
    const repo = join(folder, "repo")
    mkdirSync(repo)
    writeFileSync(join(repo, "routes.yaml"), `${mesh}---\n{{ if }}\n`)
    writeFileSync(join(repo, "Chart.yaml"), "apiVersion: v2\nname: shop\n")
    writeFileSync(
      join(repo, "istio.yaml"),
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: mesh}\ndata:\n  mesh: 'outboundTrafficPolicy: {mode: ALLOW_ANY}'\n",
    )
    const args = ["explain", "-f", repo, "--via", "sidecar shop/web", "--host", "x.example"]
    const { code, out, err } = await smm([...args, "--istio-namespace", "mesh"])
    expect([code, out]).toEqual([0, expect.not.stringContaining("Istio's default")])
    expect(err).toMatch(/routes\.yaml:\d+:1: not read: document 4 is a template .+\. Render it first/)
    expect(err).toMatch(/note: .+Chart\.yaml: a Helm chart/)
    expect((await smm(args)).out).toContain("Istio's default")
  })

  test("says what is missing or unreadable, and exits with 2", async () => {
    const cases: [string[], string][] = [
      [["explain", "--via", "sidecar a/b", "--host", "c"], "name the mesh's files"],
      [["explain", "-f", join(folder, "none"), "--via", "sidecar a/b", "--host", "c"], "is not there"],
      [["explain", "-f", folder, "--host", "c"], "say through which proxy"],
      [[...one("--requests", "-")], "not both"],
      [[...one("--port", "http")], "is no number"],
      [[...one("--header", "x")], "write name=value"],
    ]
    for (const [args, message] of cases) {
      const { code, err } = await smm(args)
      expect([code, err]).toEqual([2, expect.stringContaining(message)])
    }
    const broken = await smm(["explain", "-f", folder, "--requests", "-"], "{}\nnot json")
    expect([broken.code, broken.err]).toEqual([2, expect.stringContaining('-:1 needs "via" and "host"')])
  })
})
