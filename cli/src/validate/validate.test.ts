import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Ajv } from "ajv"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { createConfigFile } from "../config.ts"
import type { Io } from "../io.ts"
import { run } from "../program.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "smm-validate-"))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

let here: string
let next = 0
beforeEach(() => {
  here = join(folder, String(next++))
  mkdirSync(here)
})

/** Writes a file below the test's folder; answers its path. */
function file(name: string, text: string): string {
  const path = join(here, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

type Answer = { code: number; out: string; err: string }

async function smm(args: readonly string[], more: Partial<Io> = {}): Promise<Answer> {
  let [out, err] = ["", ""]
  const io: Io = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env: {},
    fetch: () => Promise.reject(new Error("no network")),
    now: () => 1_000,
    sleep: () => Promise.resolve(),
    readInput: () => Promise.resolve(""),
    isTerminal: false,
    config: createConfigFile(join(folder, "config.json")),
    readLocal: () => null,
    ...more,
  }
  const code = await run(args, io)
  return { code, out, err }
}

type Json = {
  findings: Record<string, unknown>[]
  suppressed: Record<string, unknown>[]
  notEvaluated: { kind: string; reason: string; codes: string[]; state: string }[]
  problems: Record<string, unknown>[]
  objects: number
  files: number
  elapsedMs: number
}

const json = async (...args: string[]): Promise<Json & { code: number }> => {
  const { code, out, err } = await smm(["validate", "-o", "json", ...args])
  expect([out === "" ? err : ""]).toEqual([""])
  return { code, ...(JSON.parse(out) as Json) }
}

const service = (name: string, namespace = "shop"): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: {app: ${name}}
  ports: [{name: http, port: 80}]
`
const deployment = (name: string, version = "v1"): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}-${version}, namespace: shop}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}, version: ${version}}}
    spec: {containers: [{name: app, image: app, ports: [{containerPort: 80}]}]}
`
const route = (host: string, subset = ""): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: cart
  namespace: shop
spec:
  hosts: [cart]
  http:
  - route:
    - destination:
        host: ${host}
${subset === "" ? "" : `        subset: ${subset}\n`}`
const otherRoute = route("gone").replace("name: cart", "name: web").replace("[cart]", "[web]")
const subsets = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  subsets:
  - {name: v1, labels: {version: v1}}
`
const shop = (...parts: string[]): string => [service("cart"), deployment("cart"), ...parts].join("---\n")

const codes = ({ findings }: Json): unknown[] =>
  findings.filter(({ level }) => level !== "info").map(({ code }) => code)

describe("the answer in JSON", () => {
  test("says of a finding what, where and why", async () => {
    const path = file("a.yaml", shop(route("nowhere")))
    const answer = await json("-f", path)
    expect(answer.code).toBe(1)
    expect(codes(answer)).toEqual(["virtualservice.host_unknown"])
    expect(answer.findings[0]).toEqual({
      code: "virtualservice.host_unknown",
      aliases: ["IST0101", "KIA1101"],
      level: "error",
      message: expect.stringContaining("nowhere"),
      cluster: "",
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      namespace: "shop",
      name: "cart",
      path: "spec.http[0].route[0].destination.host",
      file: path,
      line: 27,
      column: 15,
      references: [],
      fix: null,
    })
    expect(answer).toMatchObject({ objects: 3, files: 1, elapsedMs: 0, problems: [], suppressed: [] })
  })

  test("keeps an object without a namespace in none", async () => {
    const path = file("a.yaml", shop(route("nowhere").replace("  namespace: shop\n", "")))
    const { findings } = await json("-f", path)
    expect(findings.find(({ code }) => code === "virtualservice.host_unknown")).toMatchObject({
      namespace: "",
      name: "cart",
    })
  })

  test("is the same whatever the order of the files", async () => {
    const parts = [
      service("cart"),
      deployment("cart"),
      route("nowhere"),
      subsets,
      route("cart", "v9").replace("name: cart", "name: other"),
    ]
    const files = parts.map((part, at) => file(`${at}.yaml`, part))
    const forward = await json(...files.flatMap((path) => ["-f", path]))
    const backward = await json(...files.toReversed().flatMap((path) => ["-f", path]))
    expect(forward.findings.length).toBeGreaterThan(1)
    expect(backward).toEqual(forward)
  })
})

test("the others that a finding is about are as many as anybody follows", async () => {
  const many = Array.from({ length: 80 }, (_, at) => route("nowhere").replace("name: cart", `name: r${at}`))
  const { findings } = await json("-f", file("a.yaml", shop(...many)))
  const lengths = findings.map(({ references }) => (references as unknown[]).length)
  expect(Math.max(...lengths)).toBeGreaterThan(1)
  expect(Math.max(...lengths)).toBeLessThanOrEqual(50)
})

describe("the exit code", () => {
  test("is 0 for nothing wrong, 1 from --fail-on, 2 for what cannot be read", async () => {
    const good = file("good.yaml", shop(subsets, route("cart", "v1")))
    const bad = file("bad.yaml", shop(route("nowhere")))
    expect((await smm(["validate", "-f", good])).code).toBe(0)
    expect((await smm(["validate", "-f", bad])).code).toBe(1)
    const warning = file(
      "warning.yaml",
      shop(subsets.replace("labels: {version: v1}", "labels: {version: v7}")),
    )
    const answer = await json("-f", warning)
    expect(answer.findings.map(({ level }) => level)).toContain("warning")
    expect(answer.code).toBe(0)
    expect((await json("-f", warning, "--fail-on", "warning")).code).toBe(1)
    const broken = await smm(["validate", "-f", file("broken.yaml", `a: [\n---\n${shop(route("nowhere"))}`)])
    expect(broken.code).toBe(2)
    expect(broken.out).toContain("virtualservice.host_unknown")
    expect(broken.err).toMatch(
      /broken\.yaml:2:1: not read: document 1: .+\. Correct the YAML at this place\n/,
    )
  })

  const wrong: [string[], RegExp][] = [
    [[], /nothing to validate; write -f FILE/],
    [["-f", "missing.yaml"], /missing\.yaml is not there/],
    [["-f", "-", "-f", "-"], /write - once/],
    [["--cluster", "east"], /write NAME=FILE/],
    [["-f", "x", "--suppress", "=x"], /write CODE=GLOB/],
    [["-f", "x", "-o", "yaml"], /Allowed choices are table, json, sarif, junit/],
    [["-f", "x", "--fail-on", "fatal"], /Allowed choices are error, warning, info/],
    [["-f", "x", "--against", "a", "--cluster", "b=c"], /leave --cluster out/],
    [["x", "y"], /files are named by -f: smm validate -f x -f y/],
    [["-f", ""], /-f is empty; write -f FILE/],
    [["--fiel", "x"], /Did you mean --file/],
  ]
  test.each(wrong)("is 2 for %j, with what to write", async (args, words) => {
    expect(await smm(["validate", ...args])).toEqual({ code: 2, out: "", err: expect.stringMatching(words) })
  })

  test("is 2 for a folder without files and a file that is none", async () => {
    mkdirSync(join(here, "empty"))
    expect((await smm(["validate", "-f", join(here, "empty")])).err).toMatch(/holds no file named/)
    expect((await smm(["validate", "-f", file("x.yaml", "\0\u0001")])).code).toBe(2)
  })
})

describe("input", () => {
  test("is folders with all below them but for hidden ones, links once, and standard input", async () => {
    file("a/cart.yaml", service("cart"))
    file(
      "a/deep/er/web.json",
      JSON.stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "web" } }),
    )
    file("a/notes.txt", "no: [")
    file("a/.git/x.yaml", "no: [")
    symlinkSync(join(here, "a"), join(here, "a/deep/again"))
    const { code, err, out } = await smm(["validate", "-f", join(here, "a"), "-f", "-", "-o", "json"], {
      readInput: () => Promise.resolve(`\n\n${route("nowhere")}`),
    })
    expect([code, err]).toEqual([1, ""])
    const answer = JSON.parse(out) as Json
    expect([answer.files, answer.objects]).toEqual([3, 3])
    expect(answer.findings.find(({ code: each }) => each === "virtualservice.host_unknown")).toMatchObject({
      file: "-",
      line: 13,
    })
  })

  test("in UTF-16 is read, as Windows writes it", async () => {
    const path = join(here, "w.yaml")
    writeFileSync(path, Buffer.from(`\ufeff${shop(route("nowhere"))}`, "utf16le"))
    expect(codes(await json("-f", path))).toEqual(["virtualservice.host_unknown"])
  })

  test("that holds an object twice takes the last, and says so", async () => {
    const base = file("base.yaml", shop(route("nowhere")))
    const overlay = file("overlay.yaml", route("cart"))
    const { code, err } = await smm(["validate", "-f", base, "-f", overlay])
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(
        /base.yaml:17:1: note: VirtualService shop\/cart is also in .+overlay.yaml:1, which counts/,
      ),
    ])
  })

  test("of several clusters is one mesh", async () => {
    const east = file("east.yaml", shop(route("pay.shop.svc.cluster.local")))
    const west = file(
      "west.yaml",
      [service("pay"), "kind: Namespace\napiVersion: v1\nmetadata: {name: shop}\n"].join("---\n"),
    )
    expect(codes(await json("--cluster", `east=${east}`))).toEqual(["virtualservice.host_unknown"])
    const both = await json("--cluster", `east=${east}`, "--cluster", `west=${west}`)
    expect(codes(both)).not.toContain("virtualservice.host_unknown")
  })

  test("may have another domain", async () => {
    const path = file("a.yaml", shop(route("cart.shop.svc.acme.local")))
    expect(codes(await json("-f", path))).toEqual(["virtualservice.host_unknown"])
    expect(codes(await json("-f", path, "--cluster-domain", "acme.local"))).toEqual([])
  })

  test("that is objects of each by itself is asked no more than that", async () => {
    const path = file(
      "a.yaml",
      shop(
        route("nowhere"),
        route("cart").replace("hosts: [cart]", "hosts: [not..valid]").replace("name: cart", "name: none"),
      ),
    )
    const answer = await json("-f", path, "--schema-only")
    expect(codes(answer)).not.toContain("virtualservice.host_unknown")
    expect(answer.findings.map(({ name }) => name)).toContain("none")
    expect(answer.notEvaluated).toEqual([])
  })
})

describe("what the files do not hold", () => {
  test("is made up of workloads' templates for pods, and nothing is found at what is made up", async () => {
    const answer = await json("-f", file("a.yaml", shop(subsets, route("cart", "v1"))))
    expect(codes(answer)).toEqual([])
    expect(answer.findings.map(({ kind }) => kind)).not.toContain("Pod")
    const missing = await json(
      "-f",
      file("b.yaml", shop(subsets.replaceAll("v1}", "v2}"), route("cart", "v1"))),
    )
    expect(codes(missing)).toContain("destinationrule.subset_empty")
  })

  test("is not taken for missing, of Services and Namespaces, which are often in other files than routes", async () => {
    const named = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {rules: [{from: [{source: {namespaces: [office]}}]}]}\n`
    const { findings, notEvaluated } = await json("-f", file("a.yaml", [route("other"), named].join("---\n")))
    expect(findings).toEqual([])
    expect(notEvaluated.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(["no Service among the files", "no Namespace among the files"]),
    )
  })

  test("of the mesh's own configuration is missing: a subset without any DestinationRule", async () => {
    expect(codes(await json("-f", file("a.yaml", route("cart", "v1"))))).toContain(
      "virtualservice.subset_unknown",
    )
  })

  test("is not evaluated, and said to be so", async () => {
    const policy = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}\n`
    const path = file("a.yaml", shop(policy))
    const { notEvaluated, findings } = await json("-f", path)
    expect(findings.map(({ code }) => code)).not.toContain("authorizationpolicy.service_account_unknown")
    expect(notEvaluated).toContainEqual({
      cluster: "",
      codes: expect.arrayContaining(["authorizationpolicy.service_account_unknown"]),
      kind: "ServiceAccount",
      state: "absent",
      reason: "no ServiceAccount among the files",
      objects: 1,
    })
    expect((await smm(["validate", "-f", path])).out).toMatch(
      /Not evaluated\n(?:.*\n)*.*no ServiceAccount among the files: \d+ rules? on 1 object/,
    )
  })

  const gateway = `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec:\n  selector: {istio: ingressgateway}\n  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]\n`

  test("is Istio's own ingress gateway, unless its namespace is among the files or it is off", async () => {
    const unmatched = ({ findings }: Json): boolean =>
      findings.some(({ code }) => code === "gateway.selector_unmatched")
    expect(unmatched(await json("-f", file("a.yaml", shop(gateway))))).toBe(false)
    const own = deployment("istiod").replace("namespace: shop", "namespace: istio-system")
    expect(unmatched(await json("-f", file("b.yaml", shop(gateway, own))))).toBe(true)
    const config = file("mesh.yaml", "ingressControllerMode: OFF\n")
    expect(unmatched(await json("-f", file("c.yaml", shop(gateway)), "--mesh-config", config))).toBe(true)
  })
})

describe("MeshConfig", () => {
  const policy = (provider: string): string =>
    `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {action: CUSTOM, provider: {name: ${provider}}, rules: [{}]}\n`
  const mesh =
    "extensionProviders:\n- name: gate\n  envoyExtAuthzGrpc: {service: cart.shop.svc.cluster.local, port: 80}\n"
  const map = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |-\n${mesh.replaceAll(/^/gm, "    ").trimEnd()}\n`
  const operator = `apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: i}\nspec:\n  meshConfig:\n${mesh.replaceAll(/^/gm, "    ").trimEnd()}\n`

  test.each([
    ["a plain file", mesh],
    ["the ConfigMap", map],
    ["an IstioOperator", operator],
  ])("is read of %s", async (_, text) => {
    const config = file("mesh.yaml", text)
    const path = file("a.yaml", shop(policy("gate"), policy("other").replace("name: a", "name: b")))
    const { findings } = await json("-f", path, "--mesh-config", config)
    const unknown = findings.filter(({ code }) => code === "authorizationpolicy.provider_unknown")
    expect(unknown.map(({ name }) => name)).toEqual(["b"])
  })

  test("among the files is taken by itself", async () => {
    const { findings, notEvaluated } = await json("-f", file("a.yaml", shop(policy("other"), map)))
    expect(findings.map(({ code }) => code)).toContain("authorizationpolicy.provider_unknown")
    expect(notEvaluated.map(({ kind }) => kind)).not.toContain("MeshConfig")
  })

  test("that cannot be read is told with its line, in the ConfigMap too", async () => {
    const path = file("a.yaml", `${map.trimEnd()}\n    x: [\n    y: z: 1\n`)
    const { code, err } = await smm(["validate", "-f", path])
    expect([code, err]).toEqual([2, expect.stringMatching(/a\.yaml:1\d:\d+: not read/)])
  })
})

describe("suppression", () => {
  const both = (): string => file("a.yaml", shop(route("nowhere"), otherRoute))

  test.each([
    [["--suppress", "virtualservice.host_unknown=shop/*"], 0, 2],
    [["--suppress", "IST0101=VirtualService cart.shop"], 1, 1],
    [["--suppress", "KIA1101=VirtualService shop/cart", "--suppress", "IST0101=* web.shop"], 0, 2],
    [["--suppress", "IST0102=*"], 2, 0],
    [["--suppress", "virtualservice.host_unknown"], 0, 2],
  ] as const)("by %j leaves %i and counts %i", async (args, left, suppressed) => {
    const path = both()
    const answer = await json("-f", path, ...args)
    const found = answer.findings.filter(({ code }) => code === "virtualservice.host_unknown")
    expect([found.length, answer.suppressed.length, answer.code]).toEqual([
      left,
      suppressed,
      left === 0 ? 0 : 1,
    ])
    const { out } = await smm(["validate", "-f", path, ...args])
    expect(out.includes(`${suppressed} suppressed`)).toBe(suppressed > 0)
  })

  test("by a code that no rule has is told", async () => {
    const { err } = await smm(["validate", "-f", both(), "--suppress", "IST9999=*"])
    expect(err).toBe("note: --suppress IST9999: no rule has this code\n")
  })

  test("by annotation counts until its day", async () => {
    const until = (day: string): string =>
      file(
        `${day}.yaml`,
        shop(
          route("nowhere").replace(
            "namespace: shop\n",
            `namespace: shop\n  annotations: {smm.io/suppress: "IST0101 until ${day}"}\n`,
          ),
        ),
      )
    const soon = await smm(["validate", "-f", until("2026-01-02")], { now: () => Date.UTC(2026, 0, 2) })
    const late = await smm(["validate", "-f", until("2026-01-02")], { now: () => Date.UTC(2026, 0, 4) })
    expect([soon.code, late.code]).toEqual([0, 1])
  })
})

describe("the table", () => {
  test("groups by cause, with effect and remedy, and counts at its end", async () => {
    const path = file("a.yaml", shop(route("nowhere"), otherRoute))
    const { out } = await smm(["validate", "-f", path])
    expect(out).toMatch(
      /^error {2}.+ {2}virtualservice\.host_unknown \(IST0101, KIA1101\), 2 times\n {2}VirtualService shop\/cart {2}\S+a\.yaml:27:15 {2}.+nowhere.+\n {2}VirtualService shop\/web {3}\S+:39:15 {2}.+\n {2}Effect: .+\n {2}Remedy: .+\n/m,
    )
    expect(out).toMatch(/\n2 errors, 0 warnings, \d+ info in 4 objects of 1 file, 0\.00 s\n$/)
    expect(out).not.toContain("\u001b")
  })

  test("has colours at a terminal, unless they are not wanted", async () => {
    const path = file("a.yaml", shop(route("nowhere")))
    const terminal = { out: true, err: true }
    expect((await smm(["validate", "-f", path], { terminal })).out).toContain("\u001b[31merror\u001b[0m")
    expect((await smm(["validate", "-f", path], { terminal, env: { NO_COLOR: "1" } })).out).not.toContain(
      "\u001b",
    )
  })

  test("shows no control character of a file", async () => {
    const path = file("a.yaml", shop(route(`"no\\e[31mwhere"`)))
    expect((await smm(["validate", "-f", path])).out).not.toContain("\u001b")
  })

  test.each([80, 120])("breaks its lines at a terminal of %i columns, between words", async (columns) => {
    const policy = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}\n`
    file("a.yaml", shop(route("nowhere"), otherRoute, policy))
    const args = ["validate", "-f", join(here, "a.yaml")]
    const { out } = await smm(args, { terminal: { out: true, err: true, columns }, env: { NO_COLOR: "1" } })
    const long = out
      .split("\n")
      .filter((line) => line.length > columns && /^ {2}(?:Effect|Remedy| )/.test(line))
    expect(long).toEqual([])
    const words = (text: string): string[] => text.split(/\s+/).sort()
    expect(words(out)).toEqual(words((await smm(args)).out))
  })

  test("says where there was nothing to look at", async () => {
    const { code, err } = await smm(["validate", "-f", file("a.yaml", "# later\n")])
    expect([code, err]).toEqual([0, "note: there is no Kubernetes object among the files\n"])
  })

  test("may be asked for before the command's name", async () => {
    const path = file("a.yaml", shop(route("nowhere")))
    const { out } = await smm(["-o", "sarif", "validate", "-f", path])
    expect(JSON.parse(out)).toMatchObject({ version: "2.1.0" })
  })

  test("tells a person how far the reading is", async () => {
    for (let at = 0; at < 250; at++) file(`many/${at}.yaml`, service(`s${at}`))
    let at = 0
    const { err } = await smm(["validate", "-f", join(here, "many")], {
      terminal: { out: false, err: true },
      now: () => (at += 1_000),
    })
    expect(err).toBe("\rReading 100 files ...\rReading 200 files ...\r\u001b[K")
  })
})

/** What SARIF 2.1.0 asks of a log, as far as we write it. */
const sarifSchema = {
  type: "object",
  required: ["version", "runs", "$schema"],
  properties: {
    version: { const: "2.1.0" },
    runs: {
      type: "array",
      items: {
        type: "object",
        required: ["tool", "results"],
        properties: {
          tool: {
            type: "object",
            required: ["driver"],
            properties: {
              driver: {
                type: "object",
                required: ["name", "rules"],
                properties: {
                  rules: {
                    type: "array",
                    uniqueItems: true,
                    items: {
                      type: "object",
                      required: ["id", "shortDescription", "fullDescription", "help", "defaultConfiguration"],
                      properties: {
                        help: {
                          type: "object",
                          required: ["text"],
                          properties: { text: { type: "string", minLength: 1 } },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
          invocations: { type: "array", items: { type: "object", required: ["executionSuccessful"] } },
          results: {
            type: "array",
            items: {
              type: "object",
              required: ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
              properties: {
                ruleIndex: { type: "integer", minimum: 0 },
                level: { enum: ["error", "warning", "note"] },
                message: { type: "object", required: ["text"] },
                locations: {
                  type: "array",
                  minItems: 1,
                  items: {
                    type: "object",
                    required: ["physicalLocation", "logicalLocations"],
                    properties: {
                      physicalLocation: {
                        type: "object",
                        required: ["artifactLocation", "region"],
                        properties: {
                          artifactLocation: {
                            type: "object",
                            required: ["uri"],
                            properties: { uri: { type: "string", pattern: "^[^ \\\\]+$" } },
                          },
                          region: {
                            type: "object",
                            required: ["startLine"],
                            properties: {
                              startLine: { type: "integer", minimum: 1 },
                              startColumn: { type: "integer", minimum: 1 },
                            },
                          },
                        },
                      },
                    },
                  },
                },
                suppressions: {
                  type: "array",
                  items: {
                    type: "object",
                    required: ["kind"],
                    properties: { kind: { enum: ["inSource", "external"] } },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}

describe("SARIF", () => {
  test("has what a code scanner needs of rules, places, fingerprints and suppressions", async () => {
    const path = file("a b.yaml", shop(route("nowhere"), otherRoute, "a: [\n"))
    const { code, out } = await smm([
      "validate",
      "-f",
      path,
      "-o",
      "sarif",
      "--suppress",
      "IST0101=* web.shop",
    ])
    expect(code).toBe(2)
    const log = JSON.parse(out) as {
      runs: [
        {
          tool: { driver: { rules: { id: string }[] } }
          invocations: unknown
          results: {
            ruleId: string
            ruleIndex: number
            suppressions?: unknown
            partialFingerprints: Record<string, string>
          }[]
        },
      ]
    }
    const check = new Ajv({ strict: false }).compile(sarifSchema)
    expect([check(log), check.errors]).toEqual([true, null])
    const [{ tool, results, invocations }] = log.runs
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
    const found = results.filter(({ ruleId }) => ruleId === "virtualservice.host_unknown")
    expect(found.map(({ suppressions }) => suppressions)).toEqual([
      undefined,
      [{ kind: "external", status: "accepted", justification: "option IST0101=* web.shop" }],
    ])
    expect(new Set(found.map(({ partialFingerprints }) => JSON.stringify(partialFingerprints))).size).toBe(2)
    expect(invocations).toMatchObject([
      {
        executionSuccessful: false,
        toolExecutionNotifications: expect.arrayContaining([expect.objectContaining({ level: "error" })]),
      },
    ])
  })

  test("keeps a finding's fingerprint when lines move", async () => {
    const prints = async (text: string): Promise<unknown> => {
      const { out } = await smm(["validate", "-f", file("a.yaml", text), "-o", "sarif"])
      return (
        JSON.parse(out) as { runs: { results: { partialFingerprints: unknown }[] }[] }
      ).runs[0]?.results.map((each) => each.partialFingerprints)
    }
    expect(await prints(`# moved\n\n${shop(route("nowhere"))}`)).toEqual(await prints(shop(route("nowhere"))))
  })
})

describe("JUnit", () => {
  test("has a test case for each object, and a failure for each finding that fails", async () => {
    const path = file(
      "a.yaml",
      `a: [\n---\n${shop(route("<no>&where"), subsets.replace("version: v1", "version: v7"))}`,
    )
    const { out } = await smm(["validate", "-f", path, "-o", "junit"])
    expect(out).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="smm validate" tests="\d+" failures="2" errors="1" time="0\.000">/,
    )
    expect(
      out.match(
        /<testcase [^>]*name="(?:Service|Deployment|VirtualService|DestinationRule) shop\/cart[^":]*"/g,
      ),
    ).toHaveLength(4)
    expect(out.match(/<failure type="virtualservice\.host_unknown"/g)).toHaveLength(1)
    expect(out).toContain('name="VirtualService shop/cart: virtualservice.host_unknown spec.http[0]')
    for (const counted of [/<testsuite .*failures="(\d+)"/, /<testsuites .*failures="(\d+)"/])
      expect(Number(counted.exec(out)?.[1])).toBe(out.match(/<failure /g)?.length)
    const names = [...out.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"/g)].map(([each]) => each)
    expect(new Set(names).size).toBe(names.length)
    expect(out).toContain(`<failure type="virtualservice.host_unknown"`)
    expect(out).toContain("&lt;no&gt;&amp;where")
    expect(out.match(/<error type="unreadable"/g)).toHaveLength(1)
    expect(out).toContain("<system-out>warning destinationrule.subset_empty: ")
    const opened = out.match(/<(?!\/|\?)[^>]*[^/]>/g)?.length
    expect(out.match(/<\//g)).toHaveLength(opened ?? 0)
    const strict = await smm(["validate", "-f", path, "-o", "junit", "--fail-on", "warning"])
    expect(strict.out.match(/<failure /g)?.length).toBeGreaterThan(1)
  })
})
