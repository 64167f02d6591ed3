import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { Change, ChangePreview, ControlReading } from "#shared/api/change.ts"
import { AppError } from "#shared/error.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { type FakeServer, type Person, fakeServer, smmOf } from "../../testing.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "smm-acting-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const fileOf = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const prod = "cls_00000000000000000000000001"
const east = "cls_00000000000000000000000002"
const changeId = "chg_00000000000000000000000001"
const kind = "VirtualService.networking.istio.io"
const route = (host: string): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews", namespace: "bookinfo", uid: "u", resourceVersion: "7" },
  spec: { hosts: ["reviews"], http: [{ route: [{ destination: { host } }] }] },
})
const object = { kind, namespace: "bookinfo", name: "reviews" }
const step = {
  cluster: prod,
  verb: "patch" as const,
  object,
  resourceVersion: "7",
  before: route("reviews"),
  after: route("\u001b[31mreviews-v2"),
  why: "the route",
}

const preview = (more: object = {}) =>
  ChangePreview.parse({
    previewedAt: 0,
    digest: "d1",
    title: "Shift reviews to v2 100 %",
    services: ["bookinfo/reviews"],
    steps: [step],
    clusters: [
      {
        cluster: prod,
        clusterName: "prod",
        link: "live",
        mode: "mapped",
        check: {
          checkedAt: 0,
          as: { user: "ann", groups: ["mesh"] },
          failure: null,
          access: [
            {
              verb: "patch",
              kind,
              namespace: "bookinfo",
              name: "reviews",
              allowed: true,
              reason: "",
              grant: null,
            },
          ],
          owners: [
            {
              object,
              path: "spec.http",
              manager: "argocd-controller",
              operation: "Apply",
              at: null,
              claim: "reverts",
            },
          ],
          dryRun: [{ state: "passed", code: null, message: "" }],
        },
      },
    ],
    refused: [],
    findings: { added: [], removed: [], notEvaluated: [], rules: {} },
    traffic: [
      {
        cluster: prod,
        service: "bookinfo/reviews",
        bands: [],
        requestsPerSecond: 12.4,
        movedPerSecond: 12.4,
        mirrored: [],
        sentences: ["12.4 req/s that now reach v1 would reach v2"],
        certain: true,
        measuredAt: 0,
      },
    ],
    warnings: [],
    blockers: [],
    commands: { smm: "", kubectl: "", curl: "" },
    ...more,
  })

const change = (more: object = {}) =>
  Change.parse({
    changeId,
    at: 0,
    endedAt: 0,
    by: { kind: "user", id: "u", name: "ann" },
    via: "cli",
    title: "Shift reviews to v2 100 %",
    services: ["bookinfo/reviews"],
    intent: null,
    state: "applied",
    clusters: [{ cluster: prod, clusterName: "prod", state: "done", as: null, failure: null, expiresAt: 0 }],
    steps: [],
    findings: { added: [], removed: [] },
    guard: null,
    revertAt: null,
    watch: null,
    undoOf: null,
    undoneBy: null,
    ...more,
  })

const reading = (form: unknown, more: object = {}) =>
  ControlReading.parse({
    control: "routing",
    cluster: prod,
    form,
    api: "istio",
    objects: [object],
    unshown: [],
    versions: [],
    shadowed: [],
    warnings: [],
    ...more,
  })

const rowsOf = (clusters: readonly [string, string][]) => ({
  items: clusters.map(([cluster, clusterName]) => ({
    cluster,
    clusterName,
    namespace: "bookinfo",
    name: "reviews",
  })) as never,
  cursor: null,
  notices: [],
})

type Answers = Parameters<typeof fakeServer>[0]
const serverOf = (answers: Answers = {}): FakeServer =>
  fakeServer({
    listServices: () => rowsOf([[prod, "prod"]]),
    listClusters: () => ({
      items: [
        { clusterId: prod, name: "prod" },
        { clusterId: east, name: "east" },
      ] as never,
    }),
    previewChange: () => preview(),
    createChange: () => change(),
    ...answers,
  })

const smm = async (line: string | readonly string[], answers: Answers = {}, person: Person = {}) => {
  const server = serverOf(answers)
  const args = typeof line === "string" ? line.split(" ") : line
  const ran = await smmOf(server.fetch, args, person)
  const bodyOf = (name: string): unknown => server.calls.find((call) => call.name === name)?.body
  return { ...ran, calls: server.calls.map(({ name }) => name), bodyOf }
}

const line = "shift set bookinfo/reviews v1=80 v3=20"

describe("with --yes", () => {
  test("the change is made in the cluster that has the service; its id is all that stands on standard output", async () => {
    const { code, out, err, bodyOf } = await smm(`${line} --yes`)
    expect({ code, out }).toEqual({ code: 0, out: `${changeId}\n` })
    expect(err).toContain(`Shift reviews to v2 100 %: applied; smm undo ${changeId} takes it back`)
    expect(bodyOf("createChange")).toMatchObject({
      intent: {
        control: "shift",
        service: { namespace: "bookinfo", name: "reviews" },
        set: { weights: { v1: 80, v3: 20 } },
      },
      clusters: [prod],
      via: "cli",
      conflicts: "ask",
      guard: null,
    })
  })

  test("-o json prints the change with its id, state and steps", async () => {
    const { out } = await smm(`${line} --yes -o json`)
    expect(JSON.parse(out)).toMatchObject({ id: changeId, state: "applied", steps: [] })
  })

  test("everything around the change goes with it", async () => {
    const { bodyOf } = await smm(
      [
        ...`${line} --yes --take-over --expires 10m --queue 1h`.split(" "),
        ...["--undo-if", "errors > 2% for 2m within 30m", "--undo-if", "p95 > 500ms for 2m"],
        ...["--assertion-file", fileOf("assertion", "a.b.c\n")],
      ],
      {},
      { now: 1_000 },
    )
    expect(bodyOf("createChange")).toMatchObject({
      conflicts: "take-over",
      expiresInMs: 600_000,
      queueUntil: 3_601_000,
      guard: { errorsPercent: 2, p95Ms: 500, forMs: 120_000, withinMs: 1_800_000 },
      assertion: "a.b.c",
    })
  })

  test("a change that is still under way is followed to its end", async () => {
    const states = ["running", "applied"] as const
    let asked = 0
    const { code, calls } = await smm(`${line} --yes`, {
      createChange: () => change({ state: "running", endedAt: null }),
      getChange: () => ({ ...change({ state: states[asked++] ?? "applied" }), traffic: [] }),
    })
    expect(code).toBe(0)
    expect(calls.filter((name) => name === "getChange")).toHaveLength(2)
  })

  test("a change that is there already is no fault of a script", async () => {
    const { code, out, err } = await smm(`${line} --yes`, {
      createChange: () => {
        throw new AppError("change.empty", "nothing to do")
      },
    })
    expect({ code, out }).toEqual({ code: 0, out: "" })
    expect(err).toContain("everything is as it would be")
  })

  const failed = (code: string, message: string) => ({
    ...step,
    outcome: { state: "failed", code, message, resourceVersion: null, after: null, owners: [] },
  })
  test.each([
    ["partly", failed("refused", "the webhook said no"), 1, "only a part was done; smm undo"],
    ["failed", failed("forbidden", 'user "ann" cannot patch'), 4, 'user "ann" cannot patch'],
    ["expired", failed("unavailable", ""), 1, "its time ran out"],
  ])(
    "one that is %s says what became of each object, and exits otherwise",
    async (state, at, code, words) => {
      const ran = await smm(`${line} --yes`, { createChange: () => change({ state, steps: [at] }) })
      expect(ran.code).toBe(code)
      expect(ran.err).toContain(words)
      expect(ran.err).toContain("change VirtualService bookinfo/reviews: FAILED")
    },
  )
})

describe("without --yes", () => {
  test("nobody to ask is a usage error that says what to write", async () => {
    const { code, err, calls } = await smm(line)
    expect(code).toBe(2)
    expect(err).toContain("add --yes to apply it, or --dry-run to look at it")
    expect(calls).not.toContain("previewChange")
  })

  test("in a terminal the preview is shown and asked for; yes applies what was shown", async () => {
    const { code, out, err, questions, bodyOf } = await smm(line, {}, { answers: ["y"] })
    expect({ code, out }).toEqual({ code: 0, out: `${changeId}\n` })
    expect(questions).toEqual(["\nApply this in prod? [y/N] "])
    expect(bodyOf("createChange")).toMatchObject({ digest: "d1" })
    for (const words of [
      "--- now    VirtualService bookinfo/reviews",
      "-            host: reviews",
      "12.4 req/s that now reach v1 would reach v2",
      "In prod, as ann (mesh)",
      "argocd-controller owns spec.http of VirtualService bookinfo/reviews and will revert this",
      "the cluster would take it (dry run)",
    ])
      expect(err).toContain(words)
    expect(err).not.toContain("\u001b")
  })

  test.each(["", "n", "yep"])("the answer %o changes nothing", async (answer) => {
    const { code, calls, err } = await smm(line, {}, { answers: [answer] })
    expect(code).toBe(1)
    expect(calls).not.toContain("createChange")
    expect(err).toContain("Nothing was changed")
  })

  test("what cannot be applied is not asked for, and says how it could be", async () => {
    const blockers = [{ code: "change.conflict", message: "argocd-controller owns spec.http" }]
    const { code, err, questions } = await smm(
      line,
      { previewChange: () => preview({ blockers }) },
      { answers: ["y"] },
    )
    expect({ code, questions }).toEqual({ code: 1, questions: [] })
    expect(err).toContain("--take-over takes these fields, --drop-conflicts leaves them out")
  })

  test.each([
    [[], 0],
    [[{ code: "agent.away", message: "the agent is away" }], 1],
    [[{ code: "change.empty", message: "nothing to do" }], 0],
  ])("--dry-run prints the preview and exits by whether it could be applied: %o", async (blockers, code) => {
    const ran = await smm(`${line} --dry-run`, { previewChange: () => preview({ blockers }) })
    expect(ran.code).toBe(code)
    expect(ran.out).toContain("Shift reviews to v2 100 %")
    expect(ran.calls).not.toContain("createChange")
    const document = await smm(`${line} --dry-run -o json`)
    expect(ChangePreview.parse(JSON.parse(document.out))).toMatchObject({ digest: "d1" })
  })

  test("-o yaml prints the objects as a person would commit them, and applies nothing", async () => {
    const { code, out, calls } = await smm("mirror set bookinfo/reviews --to v3 --percent 10 -o yaml")
    expect(code).toBe(0)
    const [document, ...more] = parseAllDocuments(out).map((each) => each.toJS() as KubeObject)
    expect(more).toEqual([])
    expect(document).toMatchObject({ kind: "VirtualService", spec: { hosts: ["reviews"] } })
    expect(document?.metadata).toEqual({ name: "reviews", namespace: "bookinfo" })
    expect(calls).toEqual(["listServices", "previewChange"])
    expect(calls).not.toContain("createChange")
  })

  test("-o json prints several objects as a List, and tells what would be removed", async () => {
    const other = { ...object, name: "other" }
    const steps = [
      step,
      { ...step, object: other },
      { ...step, verb: "delete", object: { ...object, name: "gone" }, after: null },
    ]
    const { out, err } = await smm(`${line} -o json`, { previewChange: () => preview({ steps }) })
    expect(JSON.parse(out)).toMatchObject({ kind: "List", items: [{ kind: "VirtualService" }, {}] })
    expect(err).toContain("VirtualService bookinfo/gone would be removed")
  })
})

describe("a service", () => {
  test("that several clusters have wants --cluster, and says which", async () => {
    const both = () =>
      rowsOf([
        [prod, "prod"],
        [east, "east"],
      ])
    const { code, err } = await smm(`${line} --yes`, { listServices: both })
    expect(code).toBe(2)
    expect(err).toContain("service bookinfo/reviews is in 2 clusters; add --cluster prod or --cluster east")
    const { bodyOf } = await smm(`${line} --yes --cluster east --cluster prod`, { listServices: both })
    expect(bodyOf("createChange")).toMatchObject({ clusters: [east, prod] })
  })

  test("that is not there says which are", async () => {
    const { code, err } = await smm("shift set bookinfo/review v1=100 --yes")
    expect(code).toBe(4)
    expect(err).toContain('no service "bookinfo/review"; there are: bookinfo/reviews')
  })
})

describe("what is written wrongly is refused with the value and the remedy, and nothing is sent", () => {
  test.each([
    ["shift set reviews v1=100 --yes", '"reviews" is no service; write NAMESPACE/SERVICE'],
    ["shift set bookinfo/reviews v1=80 v3=30 --yes", "sum to 110; they must sum to 100"],
    ["shift set bookinfo/reviews v1=99.5 v3=0.5 --yes", '"v1=99.5" is no weight'],
    ["shift set bookinfo/reviews --yes", "say the share of each version"],
    ["shift set bookinfo/reviews v1=100 -m path=/x --yes", '"path=/x" is no match'],
    ["shift set bookinfo/reviews v1=100 --rule 0 --yes", '--rule "0": wants a number from 1'],
    ["shift set bookinfo/reviews v1=100 --yes --dry-run", "write one of them"],
    ["shift set bookinfo/reviews v1=100 --yes --take-over --drop-conflicts", "say the opposite"],
    ["shift set bookinfo/reviews v1=100 --yes --expires soon", '--expires "soon": wants a time'],
    ["shift set bookinfo/reviews v1=100 --yes --queue 48h", '--queue "48h": wants a time up to 24h'],
    ["shift set bookinfo/reviews v1=100 --yes --undo-if errors>2", "wants a bound such as"],
    ["fault set bookinfo/ratings --abort 503 --yes", "say the share of the requests that --abort is for"],
    ["fault set bookinfo/ratings --abort 99 --percent 5 --yes", '--abort "99": wants an HTTP status'],
    ["fault set bookinfo/ratings --abort 700 --percent 5 --yes", "--abort: "],
    ["fault set bookinfo/ratings --percent 5 --yes", "say what is to go wrong"],
    ["fault set bookinfo/ratings --delay 5 --percent 5 --yes", '--delay "5": wants a duration'],
    ["mirror set bookinfo/reviews --to v3 --yes", "say which share is copied"],
    ["mirror set bookinfo/reviews --to v3 --percent 101 --yes", '--percent "101": wants a share'],
    ["circuit-breaker set bookinfo/details --yes", "say what to set"],
    ["circuit-breaker set bookinfo/details --max-connections many --yes", '--max-connections "many"'],
    [
      "circuit-breaker set bookinfo/reviews --max-ejection-percent 200 --replace --yes",
      "--max-ejection-percent: ",
    ],
    ["circuit-breaker set bookinfo/details --port 99999 --max-retries 1 --yes", '--port "99999"'],
    ["load-balancing set bookinfo/details --algorithm best --yes", "wants one of round-robin"],
    ["client-tls set bookinfo/reviews --sni a --yes", "--mode: "],
    ["mtls require bookinfo/reviews:http --yes", 'port "http": wants a port'],
    ["mtls require a/b/c --yes", '"a/b/c" is no scope; write mesh, NAMESPACE'],
    ["mtls set bookinfo strict --yes", '"strict" is not one of require, allow, disable, unset'],
    ["routing set bookinfo/reviews --yes", "say what the rule does"],
    ["routing set bookinfo/reviews --to v1=50 --to v2 --yes", '--to "v2": say its share'],
    ["routing set bookinfo/reviews --to v1 --redirect-uri /x --yes", "a rule leads one way"],
    ["undo 7 --yes", '"7" is no change; smm history lists their ids'],
    ["apply --yes", "name the objects' files"],
    ["delete --yes", "smm delete KIND NAME -n NAMESPACE"],
    ["delete virtualservice reviews --yes", "smm delete virtualservice reviews -n NAMESPACE"],
    ["history bookinfo/reviews --since yesterday", '--since "yesterday": wants a time ago'],
    ["history reviews", '"reviews" is no service'],
  ])("smm %s", async (written, words) => {
    const { code, err, calls } = await smm(written, { getControl: () => reading(null) })
    expect(err).toContain(words)
    expect(code).toBe(2)
    expect(calls).not.toContain("createChange")
  })
})

describe("a control that sets fields one by one", () => {
  const there = {
    connectionPool: { maxConnections: 5, maxRetries: 3 },
    outlierDetection: { interval: "30s" },
  }
  const getControl = () => reading(there, { control: "circuit-breaker" })
  const setOf = (body: unknown) => (body as { intent: { set: unknown } }).intent.set

  test("keeps what is not named, and is bound to what it was read from", async () => {
    const { bodyOf, calls } = await smm(
      "circuit-breaker set bookinfo/reviews --max-connections 10 --consecutive-5xx 3 --unset max-retries --yes",
      { getControl },
    )
    expect(setOf(bodyOf("createChange"))).toEqual({
      connectionPool: { maxConnections: 10 },
      outlierDetection: { interval: "30s", consecutive5xxErrors: 3 },
    })
    expect(bodyOf("createChange")).toMatchObject({ digest: "d1" })
    expect(calls.filter((name) => name === "getControl")).toHaveLength(2)
  })

  test("does not write over what somebody changed in between", async () => {
    let asked = 0
    const { code, err, calls } = await smm(
      "circuit-breaker set bookinfo/reviews --max-connections 10 --yes",
      {
        getControl: () => (asked++ === 0 ? getControl() : reading({}, { control: "circuit-breaker" })),
      },
    )
    expect(code).toBe(1)
    expect(err).toContain("somebody changed this in the meantime")
    expect(calls).not.toContain("createChange")
  })

  test("says the whole with --replace, and with -f what get printed", async () => {
    const replaced = await smm("circuit-breaker set bookinfo/reviews --max-connections 10 --replace --yes")
    expect(setOf(replaced.bodyOf("createChange"))).toEqual({ connectionPool: { maxConnections: 10 } })
    const printed = await smm("circuit-breaker get bookinfo/reviews -o yaml", { getControl })
    expect(parse(printed.out)).toMatchObject({ form: there, clusterName: "prod" })
    const from = await smm("circuit-breaker set bookinfo/reviews -f - --yes", {}, { input: printed.out })
    expect(setOf(from.bodyOf("createChange"))).toEqual(there)
  })

  test("takes one of two that exclude each other for the end of the other", async () => {
    const { bodyOf } = await smm("load-balancing set bookinfo/reviews --hash-header x-user --yes", {
      getControl: () =>
        reading(
          { simple: "RANDOM", consistentHash: { useSourceIp: true, ringHash: { minimumRingSize: 9 } } },
          { control: "load-balancing" },
        ),
    })
    expect(setOf(bodyOf("createChange"))).toEqual({
      consistentHash: { httpHeaderName: "x-user", ringHash: { minimumRingSize: 9 } },
    })
  })

  test("get prints what is set as the flags that set it, and what it cannot show", async () => {
    const { out, err } = await smm("circuit-breaker get bookinfo/reviews", {
      getControl: () =>
        reading(there, {
          control: "circuit-breaker",
          unshown: [{ object, path: "spec.trafficPolicy.tunnel" }],
        }),
    })
    expect(out.split("\n").map((row) => row.split(/\s+/))).toContainEqual(["--max-connections", "5"])
    expect(err).toContain("spec.trafficPolicy.tunnel is kept, but not shown here")
  })
})

describe("smm routing", () => {
  const jason = { headers: { "end-user": { exact: "jason" } } }
  const form = {
    http: [
      {
        origin: 0,
        matches: [{ origin: 0, ...jason }],
        action: { type: "route", destinations: [{ destination: { subset: "v2" } }] },
        timeout: "5s",
      },
      {
        origin: 1,
        matches: [],
        action: { type: "route", destinations: [{ destination: { subset: "v1" } }] },
      },
    ],
  }
  const getControl = () => reading(form)
  const httpOf = (body: unknown) => (body as { intent: { set: { http: unknown[] } | null } }).intent.set?.http

  test("changes the rule that takes everything, and keeps the others as they were", async () => {
    const { bodyOf } = await smm("routing set bookinfo/reviews --timeout 2s --retries 3 --yes", {
      getControl,
    })
    expect(httpOf(bodyOf("createChange"))).toEqual([
      form.http[0],
      { ...form.http[1], timeout: "2s", retries: { attempts: 3 } },
    ])
  })

  test("changes the rule of a match or a number", async () => {
    for (const which of ["-m header:end-user=jason", "--rule 1"]) {
      const { bodyOf } = await smm(`routing set bookinfo/reviews ${which} --to v3 --yes`, { getControl })
      expect(httpOf(bodyOf("createChange"))).toEqual([
        { ...form.http[0], action: { type: "route", destinations: [{ destination: { subset: "v3" } }] } },
        form.http[1],
      ])
    }
  })

  test("puts a new match before the others, and into an empty service with one that takes the rest", async () => {
    const set = "routing set bookinfo/reviews -m uri:prefix=/beta --to v1=50 --to v3=50 --yes"
    const rule = {
      matches: [{ uri: { prefix: "/beta" } }],
      action: {
        type: "route",
        destinations: [
          { destination: { subset: "v1" }, weight: 50 },
          { destination: { subset: "v3" }, weight: 50 },
        ],
      },
    }
    expect(httpOf((await smm(set, { getControl })).bodyOf("createChange"))).toEqual([rule, ...form.http])
    const empty = await smm(set, { getControl: () => reading(null) })
    expect(httpOf(empty.bodyOf("createChange"))).toEqual([
      rule,
      { matches: [], action: { type: "route", destinations: [{ destination: {} }] } },
    ])
  })

  test("deletes one rule, or all", async () => {
    const one = await smm("routing delete bookinfo/reviews --rule 1 --yes", { getControl })
    expect(httpOf(one.bodyOf("createChange"))).toEqual([form.http[1]])
    const all = await smm("routing delete bookinfo/reviews --yes", { getControl })
    expect(all.bodyOf("createChange")).toMatchObject({ intent: { set: null } })
    const none = await smm("routing delete bookinfo/reviews --rule 7 --yes", { getControl })
    expect(none).toMatchObject({ code: 4 })
    expect(none.err).toContain("there is no rule 7; there are 2")
  })

  test("get lists the rules, and marks those that nothing reaches", async () => {
    const { out } = await smm("routing get bookinfo/reviews", {
      getControl: () => reading(form, { shadowed: [{ rule: 1, by: 0, message: "rule 1 takes them" }] }),
    })
    expect(out.split("\n").map((row) => row.trim().split(/\s{2,}/))).toEqual([
      ["RULE", "MATCH", "DESTINATION", "ACTIONS", "REACHED"],
      ["1", "header:end-user:exact=jason", "v2", "timeout 5s", "yes"],
      ["2", "everything", "v1", "-", "never"],
      [""],
    ])
  })
})

describe("plain objects", () => {
  const manifest =
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [a] }\n"

  test("are applied from files, in the namespace of -n where they say none", async () => {
    const { code, bodyOf } = await smm([
      "apply",
      "-f",
      fileOf("change.yaml", manifest),
      "-n",
      "shop",
      "--cluster",
      "prod",
      "--yes",
    ])
    expect(code).toBe(0)
    expect(bodyOf("createChange")).toMatchObject({
      intent: { control: "objects", put: [{ metadata: { name: "a", namespace: "shop" } }] },
      clusters: [prod],
    })
  })

  test.each([
    [
      "no.yaml",
      manifest,
      ["--cluster", "prod"],
      "has no namespace; write metadata.namespace, or add -n NAMESPACE",
    ],
    ["two.yaml", `${manifest}---\n${manifest}`, ["-n", "shop"], "keep one of the two"],
    [
      "bad.yaml",
      `${manifest}---\n: [`,
      ["-n", "shop"],
      "a part of the files cannot be read; nothing was changed",
    ],
    ["empty.yaml", "# nothing\n", ["-n", "shop"], "there is no Kubernetes object among the files"],
    ["many.yaml", manifest, ["-n", "shop"], "there are 2 clusters; add --cluster prod or --cluster east"],
  ])("%s is refused", async (name, text, flags, words) => {
    const { code, err, calls } = await smm(["apply", "-f", fileOf(name, text), ...flags, "--yes"])
    expect(code).toBe(2)
    expect(err).toContain(words)
    expect(calls).not.toContain("createChange")
  })

  test("diff prints what would change and exits 0, or 1 when asked to", async () => {
    const args = ["diff", "-f", fileOf("d.yaml", manifest), "-n", "shop", "--cluster", "prod"]
    const { code, out } = await smm(args)
    expect(code).toBe(0)
    expect(out).toContain("@@ -9,4 +9,4 @@")
    expect(await smm([...args, "--exit-code"])).toMatchObject({ code: 1 })
    expect(
      await smm([...args, "--exit-code"], { previewChange: () => preview({ steps: [] }) }),
    ).toMatchObject({ code: 0, out: "" })
  })

  test("delete takes the object where it is", async () => {
    const { bodyOf } = await smm("delete vs reviews -n bookinfo --yes", {
      listObjects: () =>
        ({
          items: [{ cluster: prod, clusterName: "prod", object: route("x") }] as never,
          cursor: null,
          notices: [],
        }) as never,
    })
    expect(bodyOf("createChange")).toMatchObject({ intent: { remove: [object] }, clusters: [prod] })
  })
})

describe("smm history", () => {
  test("lists changes, ours and those from outside, and narrows them", async () => {
    const server = serverOf({
      listChanges: () =>
        ({
          items: [
            change(),
            change({ via: "outside", by: { kind: "outside", id: "argocd", name: "argocd-controller" } }),
          ],
          cursor: null,
        }) as never,
    })
    const { out } = await smmOf(
      server.fetch,
      [..."history bookinfo/reviews --via cli --since 2h -n bookinfo".split(" ")],
      { now: 10_000_000 },
    )
    expect(out).toContain("argocd-controller")
    expect(server.calls.at(-1)?.query).toMatchObject({
      service: "bookinfo/reviews",
      via: "cli",
      from: 2_800_000,
      namespace: ["bookinfo"],
    })
  })

  test("shows one change with its diff and the traffic around it", async () => {
    const { out } = await smm(`history ${changeId}`, {
      getChange: () => ({
        ...change({ steps: [{ ...step, outcome: null }] }),
        traffic: [
          {
            cluster: prod,
            service: "bookinfo/reviews",
            before: { requestsPerSecond: 10, errorRatio: 0, p95Ms: 20 },
            after: { requestsPerSecond: 10, errorRatio: 0.5, p95Ms: 20 },
          },
        ],
      }),
    })
    expect(out).toContain("-            host: reviews")
    expect(out).toContain("10 rps, 0.0 % errors, p95 20 ms -> 10 rps, 50.0 % errors, p95 20 ms")
  })
})

describe("smm access", () => {
  test("says what the caller may change, and what an admin would run", async () => {
    const answers: Answers = {
      listObjects: () =>
        ({
          items: [
            { cluster: prod, clusterName: "prod", object: { metadata: { name: "bookinfo" } } },
          ] as never,
          cursor: null,
          notices: [],
        }) as never,
      getAccess: () => ({
        cluster: prod,
        namespace: "bookinfo",
        mode: "mapped",
        as: { user: "ann", groups: [] },
        refused: null,
        checkedAt: 0,
        lines: [
          {
            verb: "patch",
            kind,
            namespace: "bookinfo",
            name: "",
            allowed: false,
            reason: "no role",
            grant: "kubectl create role x",
          },
        ],
      }),
    }
    const { out, err } = await smm("access -n bookinfo", answers)
    expect(out).toMatch(/KIND\s+CREATE\s+PATCH\s+DELETE\nVirtualService\s+-\s+no\s+-\n/)
    expect(err).toContain("no: no role\nan admin allows it with:\n  kubectl create role x\n")
    expect(err).toContain("# prod, as ann")
  })
})
