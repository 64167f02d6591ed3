import { spawnSync } from "node:child_process"
import fc from "fast-check"
import { parse, parseAllDocuments } from "yaml"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../kube/object.ts"
import { Intent } from "./intent.ts"
import { withDocument, word } from "./line/shell.ts"
import { type LineRequest, curlLine, kubectlLines, smmLine } from "./lines.ts"

const service = { namespace: "bookinfo", name: "reviews" }
const lineOf = (intent: object, more: Partial<LineRequest> = {}): string =>
  smmLine({
    intent: Intent.parse(intent),
    clusterNames: ["prod"],
    guard: null,
    expiresInMs: null,
    conflicts: "ask",
    ...more,
  })

const virtualService: KubeObject = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews", namespace: "bookinfo", resourceVersion: "7", uid: "u", managedFields: [] },
  spec: { hosts: ["reviews"] },
  status: { observedGeneration: 1 },
}

/** What a real shell makes of a line: the words of `smm`, and what it reads. */
function shellOf(line: string): { words: string[]; input: string } {
  const script = `smm() { for each in "$@"; do printf '%s\\0' "$each"; done; printf '\\1'; cat; }\n${line}\n`
  const { stdout, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8", input: "" })
  expect(stderr).toBe("")
  const end = stdout.indexOf("\0\u0001")
  return { words: stdout.slice(0, end).split("\0"), input: stdout.slice(end + 2) }
}

describe("the smm line of an intent", () => {
  test.each([
    [
      "smm shift set bookinfo/reviews v1=80 v3=20 --cluster prod --yes",
      { control: "shift", service, set: { weights: { v1: 80, v3: 20 } } },
    ],
    [
      "smm shift set bookinfo/reviews v1=100 -m header:x-user:exact=ann --cluster prod --yes",
      {
        control: "shift",
        service,
        set: { weights: { v1: 100 }, match: { headers: { "x-user": { exact: "ann" } } } },
      },
    ],
    [
      String.raw`smm shift set bookinfo/reviews v1=100 --rule 2 -m 'uri:regex=/a{1\,2}' --cluster prod --yes`,
      {
        control: "shift",
        service,
        set: { weights: { v1: 100 }, match: { uri: { regex: "/a{1,2}" } }, rule: 2 },
      },
    ],
    ["smm shift delete bookinfo/reviews --cluster prod --yes", { control: "shift", service, set: null }],
    [
      "smm mirror set bookinfo/reviews --to v3 --percent 10 --cluster prod --yes",
      { control: "mirror", service, set: { mirrors: [{ destination: { subset: "v3" }, percent: 10 }] } },
    ],
    [
      "smm mirror set bookinfo/reviews --to v3:9080=0.5 --to host=shadow.ops.svc.cluster.local,share=100 --cluster prod --yes",
      {
        control: "mirror",
        service,
        set: {
          mirrors: [
            { destination: { subset: "v3", port: 9080 }, percent: 0.5 },
            { destination: { host: "shadow.ops.svc.cluster.local" }, percent: 100 },
          ],
        },
      },
    ],
    [
      "smm fault set bookinfo/reviews --abort 503 --percent 50 --cluster prod --yes",
      { control: "fault", service, set: { abort: { percent: 50, httpStatus: 503 } } },
    ],
    [
      "smm fault set bookinfo/reviews --abort UNAVAILABLE --abort-percent 5 --delay 2s --delay-percent 10 --cluster prod --yes",
      {
        control: "fault",
        service,
        set: { abort: { percent: 5, grpcStatus: "UNAVAILABLE" }, delay: { percent: 10, fixedDelay: "2s" } },
      },
    ],
    [
      "smm circuit-breaker set bookinfo/reviews --subset v1 --port 9080 --max-connections 10 --consecutive-5xx 3 --replace --cluster prod --yes",
      {
        control: "circuit-breaker",
        service,
        scope: { subset: "v1", port: 9080 },
        set: { connectionPool: { maxConnections: 10 }, outlierDetection: { consecutive5xxErrors: 3 } },
      },
    ],
    [
      "smm circuit-breaker delete bookinfo/reviews --subset v1 --cluster prod --yes",
      { control: "circuit-breaker", service, scope: { subset: "v1" }, set: null },
    ],
    [
      "smm load-balancing set bookinfo/reviews --algorithm round-robin --locality true --distribute 'eu/a/*=eu/a/*:80,eu/b/*:20' --warmup 30s --replace --cluster prod --yes",
      {
        control: "load-balancing",
        service,
        set: {
          simple: "ROUND_ROBIN",
          locality: { enabled: true, distribute: [{ from: "eu/a/*", to: { "eu/a/*": 80, "eu/b/*": 20 } }] },
          warmup: { duration: "30s" },
        },
      },
    ],
    [
      "smm client-tls set bookinfo/reviews --mode istio-mutual --cluster prod --yes",
      { control: "client-tls", service, set: { mode: "ISTIO_MUTUAL" } },
    ],
    ["smm mtls require mesh --cluster prod --yes", { control: "mtls", scope: {}, set: { mode: "STRICT" } }],
    [
      "smm mtls allow bookinfo --cluster prod --yes",
      { control: "mtls", scope: { namespace: "bookinfo" }, set: { mode: "PERMISSIVE" } },
    ],
    [
      "smm mtls unset bookinfo/reviews:9080 --cluster prod --yes",
      {
        control: "mtls",
        scope: { namespace: "bookinfo", service: "reviews", port: 9080 },
        set: { mode: "UNSET" },
      },
    ],
    [
      "smm delete VirtualService.networking.istio.io reviews -n bookinfo --cluster prod --yes",
      {
        control: "objects",
        remove: [{ kind: "VirtualService.networking.istio.io", namespace: "bookinfo", name: "reviews" }],
      },
    ],
    [
      "smm undo chg_01J00000000000000000000000 --cluster prod --yes",
      { control: "undo", changeId: "chg_01J00000000000000000000000" },
    ],
  ])("%s", (line, intent) => {
    expect(lineOf(intent)).toBe(line)
  })

  test("carries the guard, the expiry and what becomes of conflicts", () => {
    expect(
      lineOf(
        { control: "shift", service, set: { weights: { v1: 100 } } },
        {
          clusterNames: ["east", "west"],
          guard: { errorsPercent: 2, p95Ms: 500, forMs: 120_000, withinMs: 1_800_000 },
          expiresInMs: 600_000,
          conflicts: "take-over",
        },
      ),
    ).toBe(
      "smm shift set bookinfo/reviews v1=100 --cluster east --cluster west --undo-if 'errors > 2% or p95 > 500ms for 2m within 30m' --expires 10m --take-over --yes",
    )
  })

  test("puts what no flag says into a document on standard input, which a shell leaves as it is", () => {
    const set = {
      http: [{ matches: [], action: { type: "direct", status: 418, body: "$(id)\n`id`\nEOF\n'" } }],
    }
    const { words, input } = shellOf(lineOf({ control: "routing", service, set }))
    expect(words.slice(0, 5)).toEqual(["routing", "set", "bookinfo/reviews", "-f", "-"])
    expect(parse(input)).toEqual(set)
  })

  test("takes the document for a value that the flag would read otherwise", () => {
    const match = { headers: { "x:user": { exact: "a" } } }
    const set = { weights: { v1: 100 }, match }
    const { words, input } = shellOf(lineOf({ control: "shift", service, set }))
    expect(words).toEqual("shift set bookinfo/reviews -f - --cluster prod --yes".split(" "))
    expect(parse(input)).toEqual(set)
  })

  test("applies objects as a person would commit them", () => {
    const line = lineOf({
      control: "objects",
      put: [virtualService, { ...virtualService, metadata: { name: "b", namespace: "bookinfo" } }],
      remove: [{ kind: "Sidecar.networking.istio.io", namespace: "bookinfo", name: "default" }],
    })
    const { words, input } = shellOf(line)
    expect(words).toEqual([
      ...["apply", "--remove", "Sidecar.networking.istio.io/bookinfo/default", "-f", "-"],
      ...["--cluster", "prod", "--yes"],
    ])
    const documents = parseAllDocuments(input).map((document) => document.toJS() as KubeObject)
    expect(documents.map(({ metadata }) => metadata)).toEqual([
      { name: "reviews", namespace: "bookinfo" },
      { name: "b", namespace: "bookinfo" },
    ])
    expect(documents[0]).not.toHaveProperty("status")
  })
})

describe("the kubectl lines of steps", () => {
  const ref = { kind: "VirtualService.networking.istio.io", namespace: "bookinfo", name: "reviews" }

  test("apply what is new, patch what is there, delete what goes; with the cluster above", () => {
    const text = kubectlLines([
      { object: ref, patch: null, create: virtualService, clusterName: "east" },
      {
        object: ref,
        patch: [{ op: "replace", path: "/spec/hosts/0", value: "it's" }],
        create: null,
        clusterName: "west",
      },
      {
        object: { kind: "GatewayClass.gateway.networking.k8s.io", namespace: "", name: "istio" },
        patch: null,
        create: null,
        settleMs: 2_000,
      },
    ])
    expect(text).toBe(`# in cluster east
kubectl apply --server-side -f - <<'EOF'
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: bookinfo
spec:
  hosts:
    - reviews
EOF
# in cluster west
kubectl patch virtualservices.networking.istio.io reviews -n bookinfo --type json -p '[{"op":"replace","path":"/spec/hosts/0","value":"it'\\''s"}]'
sleep 2 # until proxies have it
kubectl delete gatewayclasses.gateway.networking.k8s.io istio`)
  })
})

describe("the curl line of a request", () => {
  test("is the request without defaults, digest and secrets; the token is the reader's", () => {
    const line = curlLine("https://mesh.example/", {
      intent: Intent.parse({ control: "mtls", scope: { namespace: "bookinfo" }, set: { mode: "STRICT" } }),
      clusters: ["cls_01J00000000000000000000000"],
      digest: "d",
      assertion: "secret",
      expiresInMs: 60_000,
    })
    expect(line.split("\n")[0]).toBe(
      "curl -fsS https://mesh.example/api/v1/changes -H \"Authorization: Bearer $SMM_TOKEN\" -H 'Content-Type: application/json' --data-binary @- <<'EOF'",
    )
    expect(JSON.parse(line.split("\n").slice(1, -1).join("\n"))).toEqual({
      intent: { control: "mtls", scope: { namespace: "bookinfo" }, set: { mode: "STRICT" } },
      clusters: ["cls_01J00000000000000000000000"],
      expiresInMs: 60_000,
    })
  })
})

describe("quoting", () => {
  const text = fc
    .string({ unit: "binary", maxLength: 12 })
    .map((each) => each.toWellFormed().replaceAll("\0", "").replaceAll("\u0001", ""))
  const hostile = fc.constantFrom(
    "",
    "'",
    "~",
    "-n",
    "=x",
    "a b",
    "$HOME",
    "`id`",
    "\\",
    "\n",
    "*",
    "#",
    "!!",
    "{a,b}",
  )

  test("gives a shell back exactly the words that were quoted", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(text, hostile), { maxLength: 20 }), (words) => {
        expect(shellOf(`smm ${[...words, "end"].map(word).join(" ")}`).words).toEqual([...words, "end"])
      }),
      { numRuns: 40 },
    )
  })

  test("gives a command back exactly the document", () => {
    const lines = fc.array(fc.oneof(text, hostile, fc.constantFrom("EOF", "EOF_")), { maxLength: 8 })
    fc.assert(
      fc.property(lines, (each) => {
        const document = `${each.join("\n")}x\n`
        expect(shellOf(withDocument("smm x y", document)).input).toBe(document)
      }),
      { numRuns: 40 },
    )
  })
})
