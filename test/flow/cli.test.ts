import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "yaml"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { createConfigFile } from "#cli/config.ts"
import type { Io } from "#cli/io.ts"
import { run } from "#cli/program.ts"
import { createApi } from "#cloud/api/app.ts"
import { createSignInCode } from "#cloud/auth/sign-in.ts"
import { Clusters } from "#cloud/store/cluster.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { Ticks } from "#cloud/store/tick.ts"
import { packTick } from "#shared/telemetry/pack.ts"
import { TopologyDocument } from "#shared/topology/document.ts"
import { type TestCloud, startTestCloud } from "../cloud/harness.ts"

let fixture: TestCloud
let folder: string
let clusterId: string

const server = "http://127.0.0.1:8080"
const tick = (at: number) =>
  packTick({
    at,
    windowMs: 60_000,
    source: "prometheus",
    gaps: [],
    edges: [
      {
        source: { cluster: "Kubernetes", namespace: "shop", workload: "web", app: "web", version: "" },
        destination: {
          cluster: "Kubernetes",
          namespace: "shop",
          workload: "cart",
          app: "cart",
          version: "",
          service: "cart",
          serviceNamespace: "shop",
        },
        protocol: "http",
        reporter: "both",
        requestsPerSecond: 100,
        responses: [
          { code: "200", flags: "-", grpc: "", requestsPerSecond: 90 },
          { code: "503", flags: "UF", grpc: "", requestsPerSecond: 10 },
        ],
        latencyMs: { p50: 10, p95: 40, p99: 90 },
        bytesPerSecond: { sent: 1_000, received: 50_000 },
        tcp: null,
        mtlsRatio: 1,
      },
    ],
  })
const object = (apiVersion: string, kind: string, name: string, rest: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "shop", labels: { app: name } },
  ...rest,
})

beforeAll(async () => {
  fixture = await startTestCloud()
  folder = mkdtempSync(join(tmpdir(), "smm-cli-"))
  const { cloud, tenant } = fixture
  const cluster = await Clusters.create(cloud, tenant.organizationId, {
    name: "prod",
    write: [],
    createdBy: "test",
  })
  clusterId = cluster.clusterId
  const owner = { organizationId: tenant.organizationId, clusterId }
  await Inventory.applyDelta(cloud, owner, 1, {
    put: [
      object("v1", "Service", "cart", {
        spec: { selector: { app: "cart" }, ports: [{ name: "http", port: 80 }] },
      }),
      object("v1", "Service", "web", {
        spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80 }] },
      }),
      object("apps/v1", "Deployment", "cart", {
        spec: { replicas: 1, template: { metadata: { labels: { app: "cart" } } } },
        status: { readyReplicas: 1 },
      }),
      object("apps/v1", "Deployment", "web", {
        spec: { replicas: 1, template: { metadata: { labels: { app: "web" } } } },
        status: { readyReplicas: 1 },
      }),
    ],
    remove: [],
  })
  await Ticks.put(cloud, owner, { tick: tick(fixture.clock.at), late: false })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await fixture.close()
})

/** Runs `smm` in process against the API in process. */
async function smm(
  args: readonly string[],
  options: {
    env?: Record<string, string>
    input?: string
    reachable?: boolean
    local?: { url: string; token: string }
  } = {},
) {
  const api = createApi(fixture.cloud)
  let out = ""
  let err = ""
  const io: Io = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env: options.env ?? { SMM_SERVER: server, SMM_TOKEN: fixture.tenant.tokens.owner },
    fetch: async (url, init) => {
      if (options.reachable === false) throw new TypeError("fetch failed")
      return api.request(url, init)
    },
    now: () => fixture.clock.at,
    sleep: () => Promise.reject(new Error("interrupted")),
    readInput: () => Promise.resolve(options.input ?? ""),
    isTerminal: false,
    config: createConfigFile(join(folder, "config.json")),
    readLocal: () => options.local ?? null,
  }
  const code = await run(args, io)
  return { code, out, err }
}

beforeEach(() => rmSync(join(folder, "config.json"), { force: true }))

describe("smm clusters add", () => {
  test("says who will write, and makes the cluster so", async () => {
    const { code, out, err } = await smm([
      "clusters",
      "add",
      "acting",
      "--write",
      "traffic",
      "--as-user",
      "ana",
      "--as-group",
      "mesh-editors,sre",
    ])
    expect(code).toBe(0)
    expect(out).toMatch(/^curl -fsSL -H "Authorization: Bearer smj_/)
    expect(err).toMatch(
      /You will write as the user ana, the group mesh-editors, the group sre: Kubernetes decides/,
    )
    const { organizationId } = fixture.tenant
    const made = (await Clusters.list(fixture.cloud, organizationId)).find(({ name }) => name === "acting")
    expect(made?.act).toEqual({ mode: "mapped", users: ["ana"], groups: ["mesh-editors", "sre"] })
    expect(made?.addedBy[0]).toEqual({ token: "owner" })
    await Clusters.remove(fixture.cloud, organizationId, made as Clusters.Cluster)
  })

  test.each([
    [["--act", "on"], /--act "on": wants off, mapped or anonymous/],
    [["--act", "mapped", "--write", "traffic"], /--as-user: mapped wants at least one user/],
    [["--as-user", "ana"], /--act mapped wants --write traffic/],
    [["--as-user", "system:admin", "--write", "traffic"], /--as-user: "system:admin" is Kubernetes' own/],
    [
      ["--as-user", "ana", "--as-group", "system:masters", "--write", "traffic"],
      /--as-group: "system:masters"/,
    ],
    [["--act", "anonymous", "--as-user", "ana", "--write", "traffic"], /impersonated in mode mapped only/],
  ])("with %j is a mistake that is told before anything is made", async (args, words) => {
    const { code, out, err } = await smm(["clusters", "add", "wrong", ...args])
    expect([code, out]).toEqual([2, ""])
    expect(err).toMatch(words)
  })
})

describe("smm topology", () => {
  test("-o json prints the document of the API", async () => {
    const { code, out } = await smm(["topology", "-o", "json"])
    const document = TopologyDocument.parse(JSON.parse(out))
    expect(code).toBe(0)
    expect(document.edges.map(({ source, target }) => [source, target])).toEqual([
      [`svc/${clusterId}/shop/web`, `svc/${clusterId}/shop/cart`],
    ])
    const api = await createApi(fixture.cloud).request("/api/v1/topology?view=service&idle=false", {
      headers: { authorization: `Bearer ${fixture.tenant.tokens.viewer}` },
    })
    expect(await api.json()).toEqual(document)
  })

  test("prints edges with units, the worst first", async () => {
    const { out } = await smm(["topology"])
    expect(out.split("\n")[1]).toMatch(
      /shop\/web\s+shop\/cart\s+http\s+100 rps\s+10\.0 %\s+40 ms\s+51\.\d kB\/s\s+100\.0 %/,
    )
  })

  test("of a namespace that has none says so and ends well", async () => {
    const { code, out, err } = await smm(["topology", "-n", "nothing"])
    expect([code, out]).toEqual([0, ""])
    expect(err).toContain("No traffic in this window")
  })
})

describe("tables", () => {
  test.each(["services", "workloads"])("smm %s has a row each, of every format", async (command) => {
    const table = await smm([command])
    expect(table.out).toMatch(/CLUSTER\s+NAMESPACE\s+NAME\s+HEALTH/)
    expect(table.out).toMatch(/prod\s+shop\s+cart\s+failing/)
    const wide = await smm([command, "-o", "wide"])
    expect(wide.out).toMatch(/Errors 10\.0 %, tolerance 0\.5 %/)
    const { items } = JSON.parse((await smm([command, "-o", "json"])).out) as { items: { name: string }[] }
    expect(items.map(({ name }) => name).sort()).toEqual(["cart", "web"])
    expect((await smm([command, "-o", "yaml"])).out).toMatch(/^items:/)
  })

  test("smm get finds objects by kind, name and selector, and prints one as YAML", async () => {
    expect((await smm(["get", "spaceship"])).code).toBe(4)
    const list = await smm(["get", "deploy", "-l", "app=cart"])
    expect(list.out).toMatch(/prod\s+shop\s+cart/)
    expect(list.out).not.toMatch(/web/)
    const one = await smm(["get", "Service", "cart", "-o", "yaml"])
    expect(one.out).toMatch(/^apiVersion: v1\nkind: Service/)
  })

  test("smm get of an ambiguous kind names the ones it may be", async () => {
    const { code, err } = await smm(["get", "gateways"])
    expect(code).toBe(2)
    expect(err).toContain("gateways.networking.istio.io or gateways.gateway.networking.k8s.io")
  })

  test("a name that is not there is exit 4", async () => {
    const { code, err } = await smm(["get", "services", "nothing"])
    expect([code, err]).toEqual([4, expect.stringContaining('no Service "nothing" here')])
  })
})

describe("every list", () => {
  const lists = [
    ...["status", "clusters list", "topology", "services", "workloads", "get services", "get pods"],
    ...["findings", "findings suppressions", "rules", "tokens list", "org list", "org members"],
  ]
  test.each(lists)(
    "smm %s prints the same as JSON and YAML, and a table of which wide has more",
    async (list) => {
      const of = async (format: string) => (await smm([...list.split(" "), "-o", format])).out
      const json = JSON.parse(await of("json")) as object
      expect(parse(await of("yaml"))).toEqual(json)
      const [table = "", wide = ""] = [await of("table"), await of("wide")]
      const heads = (text: string) =>
        text
          .split("\n")
          .find((line) => /[A-Z]{3}/.test(line))
          ?.trim()
          .split(/\s{2,}/) ?? []
      expect(heads(wide)).toEqual(expect.arrayContaining(heads(table)))
      expect(wide.length).toBeGreaterThanOrEqual(table.length)
    },
  )

  test("topology's JSON has the shape that scripts are promised", async () => {
    const { nodes, edges, notices, at, window } = TopologyDocument.parse(
      JSON.parse((await smm(["topology", "-o", "json"])).out),
    )
    expect([at, window]).toEqual([fixture.clock.at, 60])
    expect(notices.map(({ code, cluster }) => [code, cluster])).toEqual([["cluster.waiting", clusterId]])
    expect(nodes.find(({ name }) => name === "cart")).toMatchObject({
      id: `svc/${clusterId}/shop/cart`,
      kind: "service",
      cluster: clusterId,
      namespace: "shop",
      name: "cart",
    })
    expect(edges[0]).toMatchObject({
      source: `svc/${clusterId}/shop/web`,
      target: `svc/${clusterId}/shop/cart`,
      protocol: "http",
      requestsPerSecond: expect.closeTo(100, 0) as number,
      errorRatio: expect.closeTo(0.1, 3) as number,
      latencyMs: { p50: expect.closeTo(10, 0), p95: expect.closeTo(40, 0), p99: expect.closeTo(90, 0) },
      bytesPerSecond: { sent: expect.closeTo(1_000, -1), received: expect.closeTo(50_000, -3) },
      mtlsRatio: 1,
    })
  })
})

describe("clusters", () => {
  test("add prints the line to copy, list shows it waiting, remove wants to be told twice", async () => {
    const added = await smm(["clusters", "add", "edge", "--write", "traffic"])
    expect(added.out).toMatch(/^curl -fsSL -H "Authorization: Bearer smj_/)
    expect(added.out).toContain("write=traffic")
    const list = await smm(["clusters", "list"])
    expect(list.out).toMatch(/edge\s+waiting/)
    const status = await smm(["status"])
    expect([status.code, status.out]).toEqual([1, expect.stringContaining("0 of 2 live")])
    expect((await smm(["clusters", "remove", "edge"])).code).toBe(1)
    expect((await smm(["clusters", "remove", "edge", "--yes"])).code).toBe(0)
    expect((await smm(["clusters", "list"])).out).not.toContain("edge")
  })

  test("add of a taken name says which", async () => {
    const { code, err } = await smm(["clusters", "add", "prod"])
    expect([code, err]).toEqual([1, expect.stringContaining('"prod"')])
  })
})

describe("tokens and organization", () => {
  test("a token is made, printed once, listed without its secret, and removed", async () => {
    const made = await smm([
      "tokens",
      "create",
      "ci",
      "--role",
      "viewer",
      "--cluster",
      "prod",
      "--expires",
      "7",
    ])
    expect(made.out).toMatch(/^smm_[A-Za-z0-9_-]{43}\n$/)
    const list = await smm(["tokens", "list", "-o", "json"])
    expect(list.out).toContain('"ci"')
    expect(list.out).not.toContain(made.out.trim())
    const asToken = await smm(["topology", "-o", "json"], {
      env: { SMM_SERVER: server, SMM_TOKEN: made.out.trim() },
    })
    expect(asToken.code).toBe(0)
    expect(
      (await smm(["tokens", "list"], { env: { SMM_SERVER: server, SMM_TOKEN: made.out.trim() } })).code,
    ).toBe(4)
    expect((await smm(["tokens", "remove", "ci"])).code).toBe(0)
    expect((await smm(["topology"], { env: { SMM_SERVER: server, SMM_TOKEN: made.out.trim() } })).code).toBe(
      3,
    )
  })

  test("org members lists the owner", async () => {
    expect((await smm(["org", "members"])).out).toMatch(/acme@example.com\s+acme\s+owner/)
  })
})

describe("signing in", () => {
  test("stores a tried token with mode 0600, and later commands use it", async () => {
    const { code, err } = await smm(
      ["login", "--server", server, "--token", fixture.tenant.tokens.operator],
      { env: {} },
    )
    expect([code, err]).toEqual([0, expect.stringContaining("operator of acme")])
    expect(statSync(join(folder, "config.json")).mode & 0o777).toBe(0o600)
    expect((await smm(["services"], { env: {} })).code).toBe(0)
  })

  test("takes over that of the running npm start, and says how where none runs", async () => {
    const local = { url: server, token: fixture.tenant.tokens.owner }
    expect((await smm(["login"], { env: {}, local })).err).toContain("owner of acme")
    expect((await smm(["status"], { env: {} })).out).toContain(`Server        ${server}`)
    const { code, err } = await smm(["login"], { env: {} })
    expect([code, err]).toEqual([2, expect.stringContaining("smm login LINK")])
  })

  test("with a token that does not work stores nothing", async () => {
    const { code } = await smm(["login", "--server", server, "--token", `smm_${"B".repeat(43)}`], { env: {} })
    expect(code).toBe(3)
    expect((await smm(["services"], { env: {} })).code).toBe(3)
  })

  test("by a one-time link makes a token of this machine", async () => {
    const code = await createSignInCode(fixture.cloud, fixture.tenant.user.userId)
    expect((await smm(["login", `${server}/sign-in?code=${code}`], { env: {} })).err).toContain(
      "owner of acme",
    )
    expect(readFileSync(join(folder, "config.json"), "utf8")).toMatch(/smm_/)
    expect((await smm(["status"], { env: {} })).out).toContain("token smm on")
    expect((await smm(["login", `${server}/sign-in?code=${code}`], { env: {} })).code).toBe(3)
  })

  test("with a token from standard input leaves nothing in the shell's history", async () => {
    const login = await smm(["login", "--server", server], { env: {}, input: fixture.tenant.tokens.viewer })
    expect(login.code).toBe(0)
  })

  test("a stored token is never sent to another server", async () => {
    await smm(["login", "--server", server, "--token", fixture.tenant.tokens.viewer], { env: {} })
    const { code, err } = await smm(["services", "--server", "https://mesh.example"], { env: {} })
    expect([code, err]).toEqual([3, expect.stringContaining("no token for https://mesh.example")])
  })
})

describe("exit codes", () => {
  test.each<[number, string[], Parameters<typeof smm>[1]]>([
    [0, ["--help"], {}],
    [2, ["nothing"], {}],
    [2, ["topology", "-o", "xml"], {}],
    [2, ["topology", "--server", "mesh.example"], {}],
    [2, ["tokens", "create", "x", "--expires", "0"], {}],
    [3, ["topology"], { env: {} }],
    [3, ["topology"], { env: { SMM_SERVER: server, SMM_TOKEN: `smm_${"A".repeat(43)}` } }],
    [4, ["topology", "--cluster", "nothing"], {}],
    [4, ["org", "use", "nothing"], {}],
    [5, ["topology"], { reachable: false }],
  ])("%i for smm %j", async (code, args, options) => {
    expect((await smm(args, options)).code).toBe(code)
  })

  test.each(["a b", 'smm_"\n"', "smm_\u00e9", "a\nb"])(
    "a token that cannot be one, %j, is a mistake, not a server out of reach",
    async (token) => {
      const { code, err } = await smm(["topology"], { env: { SMM_SERVER: server, SMM_TOKEN: token } })
      expect([code, err]).toEqual([2, expect.stringContaining("copy it again")])
    },
  )

  test("the line break behind a pasted token is not part of it", async () => {
    const token = `${fixture.tenant.tokens.viewer}\n`
    expect((await smm(["topology"], { env: { SMM_SERVER: server, SMM_TOKEN: token } })).code).toBe(0)
  })

  test("a broken configuration is named, not overwritten", async () => {
    writeFileSync(join(folder, "config.json"), "{")
    const { code, err } = await smm(["services"], { env: {} })
    expect([code, err]).toEqual([2, expect.stringContaining("is not a configuration of smm")])
  })
})

describe("completion", () => {
  test.each(["bash", "zsh", "fish"])("of %s knows commands and kinds", async (shell) => {
    const { out } = await smm(["completion", shell])
    expect(out).toContain("clusters")
    expect(out).toContain("virtualservices")
  })

  test("knows the controls, their verbs, flags and choices", async () => {
    const { out } = await smm(["completion", "bash"])
    const next = (place: string): string => new RegExp(`"${place}"\\) known="([^"]*)"`).exec(out)?.[1] ?? ""
    expect(next("mtls").split(" ")).toEqual(expect.arrayContaining(["get", "require", "allow", "disable"]))
    expect(next("circuit-breaker set").split(" ")).toEqual(
      expect.arrayContaining(["--max-connections", "--consecutive-5xx", "--undo-if", "--yes"]),
    )
    expect(out).toContain('"load-balancing set --algorithm") known="round-robin least-request')
  })
})
