import { spawnSync } from "node:child_process"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ChangeRequest } from "#shared/api/change.ts"
import type { Match } from "#shared/edit/form.ts"
import type { Guard } from "#shared/edit/guard.ts"
import { Intent } from "#shared/edit/intent.ts"
import { type LineRequest, smmLine } from "#shared/edit/lines.ts"
import { isSame } from "#shared/edit/same.ts"
import { fakeServer, smmOf } from "../testing.ts"
import { change, changeId } from "./fixture.ts"

/** The lines that the console shows are read by the command as what they were written for, through a real shell. */

const clusterIds = { east: "cls_00000000000000000000000001", west: "cls_00000000000000000000000002" }

const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 10 })
  .map((each) => each.toWellFormed().replaceAll("\0", "x"))
const hostile = fc.constantFrom(
  "a,b",
  String.raw`a\,b`,
  "a=b",
  "'",
  "$(id)",
  "-x",
  "a b",
  "x\ny",
  "%",
  "#",
  "*",
  "é",
  "true",
  "1",
)
const anyText = fc.oneof(text, hostile)
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/)
const service = fc.record({ namespace: word, name: word })
const whole = (max: number, min = 0) => fc.integer({ min, max })
const port = whole(65_535, 1)
const percent = fc.oneof(whole(100), fc.double({ min: 0, max: 100, noNaN: true }))
const duration = fc.constantFrom("250ms", "1.5s", "1m", "1h30m")
const some = <T>(record: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(record, { requiredKeys: [] } as never)

const stringMatch = fc.oneof(
  fc.record({ exact: anyText }),
  fc.record({ prefix: anyText }),
  fc.record({ regex: anyText }),
)
const headers = fc.dictionary(anyText, fc.oneof(stringMatch, fc.constant({ present: true })), {
  noNullPrototype: true,
  maxKeys: 2,
})
const match = some({
  uri: stringMatch,
  ignoreUriCase: fc.boolean(),
  method: stringMatch,
  scheme: stringMatch,
  authority: stringMatch,
  headers,
  withoutHeaders: headers,
  queryParams: headers,
  port,
  sourceLabels: fc.dictionary(anyText, anyText, { noNullPrototype: true, maxKeys: 2 }),
  sourceNamespace: anyText,
  gateways: fc.array(anyText, { maxLength: 2 }),
  name: anyText,
}) as unknown as fc.Arbitrary<Match>
const which = some({ rule: whole(9, 1), match })
const destination = some({ host: anyText, subset: fc.oneof(word, anyText), port })

const splitOf = (names: readonly string[], cuts: readonly number[]): Record<string, number> => {
  const ends = [...cuts.slice(0, names.length - 1).sort((a, b) => a - b), 100]
  return Object.fromEntries(
    names.map((name, i) => [name, (ends[i] ?? 100) - (i === 0 ? 0 : (ends[i - 1] ?? 0))]),
  )
}
const weights = fc
  .tuple(
    fc.uniqueArray(
      fc.oneof(
        word,
        anyText.filter((name) => name !== "__proto__"),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    fc.tuple(whole(100), whole(100)),
  )
  .map(([names, cuts]) => splitOf(names, cuts))

const nothingOr = <T>(form: fc.Arbitrary<T>) => fc.option(form, { freq: 8 })
const merge = <A extends object, B extends object>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>) =>
  fc.tuple(a, b).map(([one, two]) => ({ ...one, ...two }))

const shift = fc.record({ service, set: nothingOr(merge(which, fc.record({ weights }))) })
const mirrors = fc.array(fc.record({ destination, percent }), { minLength: 1, maxLength: 2 })
const mirror = fc.record({ service, set: nothingOr(merge(which, fc.record({ mirrors }))) })
const fault = fc.record({
  service,
  set: nothingOr(
    merge(
      which,
      some({
        delay: fc.record({ percent, fixedDelay: duration }),
        abort: fc.oneof(
          fc.record({ percent, httpStatus: whole(599, 200) }),
          fc.record({ percent, grpcStatus: fc.constantFrom("UNAVAILABLE", "DATA_LOSS", "odd") }),
        ),
      }),
    ),
  ),
})
const scope = some({ subset: fc.oneof(word, anyText), port })
const count = whole(2_147_483_647)
const circuitBreaker = fc.record({
  service,
  scope,
  set: nothingOr(
    some({
      connectionPool: some({
        maxConnections: count,
        connectTimeout: duration,
        http1MaxPendingRequests: count,
        h2UpgradePolicy: fc.constantFrom("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
      }),
      outlierDetection: some({
        consecutive5xxErrors: count,
        splitExternalLocalOriginErrors: fc.boolean(),
        baseEjectionTime: duration,
        maxEjectionPercent: whole(100),
      }),
    }),
  ),
})
const places = fc.dictionary(fc.oneof(word, anyText), whole(100), { noNullPrototype: true, maxKeys: 2 })
const loadBalancing = fc.record({
  service,
  scope,
  set: nothingOr(
    some({
      simple: fc.constantFrom("ROUND_ROBIN", "LEAST_REQUEST", "RANDOM"),
      consistentHash: some({
        httpHeaderName: anyText,
        useSourceIp: fc.boolean(),
        httpCookie: some({ name: anyText, path: anyText, ttl: duration }).filter(
          ({ name }) => name !== undefined,
        ),
        ringHash: some({ minimumRingSize: count }),
      }),
      locality: some({
        enabled: fc.boolean(),
        distribute: fc.array(fc.record({ from: fc.oneof(word, anyText), to: places }), { maxLength: 2 }),
        failover: fc.array(fc.record({ from: anyText, to: anyText }), { maxLength: 2 }),
        failoverPriority: fc.array(anyText, { maxLength: 2 }),
      }),
      warmup: merge(fc.record({ duration }), some({ minimumPercent: percent, aggression: percent })),
    }),
  ),
})
const clientTls = fc.record({
  service,
  scope,
  set: nothingOr(
    merge(
      fc.record({ mode: fc.constantFrom("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL") }),
      some({
        sni: anyText,
        credentialName: anyText,
        subjectAltNames: fc.array(anyText, { maxLength: 2 }),
        insecureSkipVerify: fc.boolean(),
      }),
    ),
  ),
})
const mtls = fc.record({
  scope: fc.oneof(
    fc.constant({}),
    fc.record({ namespace: fc.oneof(word, fc.constant("mesh")) }),
    merge(fc.record({ namespace: word, service: word }), some({ port })),
  ),
  set: fc.record({ mode: fc.constantFrom("STRICT", "PERMISSIVE", "DISABLE", "UNSET") }),
})
const routing = fc.record({
  service,
  set: nothingOr(
    fc.record({
      http: fc.array(
        merge(
          fc.record({
            matches: fc.array(match, { maxLength: 2 }),
            action: fc.record({
              type: fc.constant("route"),
              destinations: fc.array(fc.record({ destination }), { maxLength: 2 }),
            }),
          }),
          some({ name: anyText, timeout: duration, origin: whole(3) }),
        ),
        { maxLength: 2 },
      ),
    }),
  ),
})
const object = fc
  .record({ name: word, namespace: word, hosts: fc.array(anyText), more: fc.dictionary(word, anyText) })
  .map(({ name, namespace, hosts, more }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace, ...(Object.keys(more).length > 0 ? { annotations: { ...more } } : {}) },
    spec: { hosts },
  }))
const ref = fc.oneof(
  fc.record({ kind: fc.constant("Sidecar.networking.istio.io"), namespace: word, name: word }),
  fc.record({
    kind: fc.constant("GatewayClass.gateway.networking.k8s.io"),
    namespace: fc.constant(""),
    name: word,
  }),
)
const objects = fc
  .record({
    put: fc.uniqueArray(object, {
      selector: ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
      maxLength: 2,
    }),
    remove: fc.array(ref, { maxLength: 2 }),
  })
  .filter(({ put, remove }) => put.length + remove.length > 0)

const of = <C extends string, T extends object>(control: C, arbitrary: fc.Arbitrary<T>) =>
  arbitrary.map((rest) => ({ control, ...rest }))
const intents: [string, fc.Arbitrary<object>][] = [
  ["routing", of("routing", routing)],
  ["shift", of("shift", shift)],
  ["mirror", of("mirror", mirror)],
  ["fault", of("fault", fault)],
  ["circuit-breaker", of("circuit-breaker", circuitBreaker)],
  ["load-balancing", of("load-balancing", loadBalancing)],
  ["client-tls", of("client-tls", clientTls)],
  ["mtls", of("mtls", mtls)],
  ["objects", of("objects", objects)],
  [
    "fix",
    of(
      "fix",
      fc.record({
        code: fc.constant("virtualservice.subset_unknown"),
        edits: fc.array(
          fc.record({
            object: ref,
            patch: fc.array(
              fc.record({ op: fc.constant("add"), path: fc.constant("/spec"), value: anyText }),
            ),
          }),
          { minLength: 1, maxLength: 2 },
        ),
      }),
    ),
  ],
  ["undo", of("undo", fc.constant({ changeId }))],
]

const guard: fc.Arbitrary<Guard | null> = fc.option(
  fc
    .record({
      errorsPercent: fc.option(percent),
      p95Ms: fc.option(fc.double({ min: 0.001, max: 10_000, noNaN: true })),
      forMs: whole(3_600_000),
      withinMs: whole(86_400_000, 10_000),
    })
    .filter(({ errorsPercent, p95Ms }) => errorsPercent !== null || p95Ms !== null),
)
const around = fc.record({
  clusterNames: fc.constantFrom(["east"], ["west", "east"]),
  guard,
  expiresInMs: fc.option(whole(30 * 86_400_000, 1_000)),
  conflicts: fc.constantFrom("ask", "take-over", "drop"),
})

/** The words of each `smm` line and what stands on its input, as a shell makes them of a script. */
function shellOf(lines: readonly string[]): { args: string[]; input: string }[] {
  const smm = `smm() { printf '%s\\0' "$@"; printf '\\1\\0'; cat; printf '\\2\\0'; }`
  const { stdout } = spawnSync("sh", ["-c", [smm, ...lines].join("\n")], { encoding: "utf8", input: "" })
  return stdout
    .split("\u0002\0")
    .slice(0, -1)
    .map((part) => {
      const [words = "", input = ""] = part.split("\u0001\0")
      return { args: words.split("\0").slice(0, -1), input }
    })
}

async function requestOf({ args, input }: { args: string[]; input: string }): Promise<ChangeRequest> {
  const server = fakeServer({
    listClusters: () => ({
      items: Object.entries(clusterIds).map(([name, clusterId]) => ({ name, clusterId })) as never,
    }),
    createChange: () => change(),
  })
  const { code, err } = await smmOf(server.fetch, args, { input })
  expect({ code, err }).toMatchObject({ code: 0 })
  const made = server.calls.find(({ name }) => name === "createChange")
  return ChangeRequest.parse(made?.body)
}

/** A place in an object is said as absent or as null. */
const spoken = (intent: Intent): Intent => JSON.parse(JSON.stringify(intent)) as Intent

describe.each(intents)("the line of %s", (_, arbitrary) => {
  test("is read as the same request", async () => {
    const samples = fc.sample(fc.tuple(arbitrary, around), 40)
    const requests = samples.map(([intent, rest]): LineRequest => ({
      ...(rest as Omit<LineRequest, "intent">),
      intent: Intent.parse(intent),
    }))
    const parsed = shellOf(requests.map(smmLine))
    expect(parsed).toHaveLength(requests.length)
    for (const [i, request] of requests.entries()) {
      const line = smmLine(request)
      const read = await requestOf(parsed[i] ?? expect.unreachable())
      const { intent, clusters, guard: bound, expiresInMs, conflicts } = read
      if (!isSame(intent, spoken(request.intent)))
        expect({ line, intent }).toEqual({ line, intent: request.intent })
      expect({ clusters, bound, expiresInMs, conflicts }).toEqual({
        clusters: request.clusterNames.map((name) => clusterIds[name as "east"]),
        bound: request.guard,
        expiresInMs: request.expiresInMs,
        conflicts: request.conflicts,
      })
    }
  })
})
