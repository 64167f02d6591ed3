import fc from "fast-check"

/** For tests: routes as people write them, odd spellings and fields that nobody knows among them. */

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 3 })

/** Without what is absent, as YAML would be. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const record = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(fields).map((value) => plain(value) as Record<string, unknown>)

const unknown = fc.oneof(
  fc.constant("x"),
  fc.constant({ deep: [1, { a: null }] }),
  fc.constant(false),
  fc.constant(0),
  fc.constant([]),
)
const text = fc.constantFrom("a", "b", "/", "/api", "x-y", "")
const stringMatch = fc.oneof(
  record({ exact: text }),
  record({ prefix: text }),
  record({ regex: fc.constantFrom(".*", "a|b", "[0-9]+", "(?=x)") }),
  fc.constant({}),
  fc.constant(null),
  fc.constant({ exact: "a", prefix: "b" }),
)
const names = fc.constantFrom("x-a", "x-b", "X-A", "__proto__x", "end-user")
const duration = fc.constantFrom("1s", "1.5s", "250ms", "1m30s", "0s", "nonsense", "-1s", "1us")
const share = fc.oneof(
  record({ value: fc.constantFrom(0, 0.5, 50, 100) }),
  fc.constant({}),
  fc.constant({ value: 5, unit: "x" }),
)

const match = record({
  name: maybe(text),
  uri: maybe(stringMatch),
  ignoreUriCase: maybe(fc.boolean()),
  method: maybe(stringMatch),
  authority: maybe(stringMatch),
  headers: maybe(fc.dictionary(names, stringMatch, { maxKeys: 3 })),
  withoutHeaders: maybe(fc.dictionary(names, stringMatch, { maxKeys: 2 })),
  queryParams: maybe(fc.dictionary(names, stringMatch, { maxKeys: 2 })),
  port: maybe(fc.constantFrom(80, 9080, 0)),
  sourceLabels: maybe(fc.constant({ app: "a" })),
  gateways: maybe(fc.constantFrom(["mesh"], ["mesh", "ingress"], [])),
  statPrefix: maybe(text),
  future: maybe(unknown),
})

const host = fc.constantFrom("reviews", "reviews.bookinfo.svc.cluster.local", "details", "api.example.com")
const destination = record({
  host,
  subset: maybe(fc.constantFrom("v1", "v2", "v3", "")),
  port: maybe(fc.constantFrom({ number: 9080 }, { number: 9080, name: "http" }, {})),
  future: maybe(unknown),
})
const routed = record({
  destination,
  weight: maybe(fc.constantFrom(0, 1, 50, 100, 30, 70, 200)),
  headers: maybe(fc.constant({ request: { add: { a: "b" } } })),
  future: maybe(unknown),
})

const operations = record({
  set: maybe(fc.dictionary(names, text, { maxKeys: 2 })),
  add: maybe(fc.dictionary(names, text, { maxKeys: 2 })),
  remove: maybe(fc.array(names, { maxLength: 2 })),
  future: maybe(unknown),
})

const rule = record({
  name: maybe(text),
  match: maybe(fc.array(match, { maxLength: 3 })),
  route: maybe(fc.array(routed, { maxLength: 3 })),
  redirect: fc.option(
    record({ uri: maybe(text), redirectCode: maybe(fc.constantFrom(301, 308)), derivePort: maybe(text) }),
    {
      nil: undefined,
      freq: 8,
    },
  ),
  directResponse: fc.option(
    record({
      status: fc.constantFrom(200, 503, 7),
      body: maybe(fc.constantFrom({ string: "x" }, { bytes: "eA==" })),
    }),
    { nil: undefined, freq: 8 },
  ),
  delegate: fc.option(
    record({ name: fc.constant("team"), namespace: maybe(fc.constant("other")), future: maybe(unknown) }),
    {
      nil: undefined,
      freq: 8,
    },
  ),
  rewrite: maybe(record({ uri: maybe(text), authority: maybe(text), future: maybe(unknown) })),
  timeout: maybe(duration),
  retries: maybe(
    record({
      attempts: maybe(fc.constantFrom(0, 3)),
      perTryTimeout: maybe(duration),
      backoff: maybe(duration),
    }),
  ),
  corsPolicy: maybe(
    record({
      allowOrigin: maybe(fc.constant(["*"])),
      allowOrigins: maybe(fc.array(stringMatch, { maxLength: 2 })),
      allowMethods: maybe(fc.constant(["GET"])),
      maxAge: maybe(duration),
      unmatchedPreflights: maybe(fc.constant("IGNORE")),
    }),
  ),
  headers: maybe(record({ request: maybe(operations), response: maybe(operations), future: maybe(unknown) })),
  mirror: maybe(record({ host, subset: maybe(fc.constantFrom("v1", "v2")) })),
  mirrorPercentage: maybe(share),
  mirrorPercent: maybe(fc.constantFrom(0, 10, 100)),
  mirrors: maybe(
    fc.array(record({ destination, percentage: maybe(share), future: maybe(unknown) }), { maxLength: 2 }),
  ),
  fault: maybe(
    record({
      delay: maybe(
        record({
          percent: maybe(fc.constantFrom(0, 10)),
          percentage: maybe(share),
          fixedDelay: maybe(duration),
          exponentialDelay: maybe(duration),
        }),
      ),
      abort: maybe(
        record({
          percentage: maybe(share),
          httpStatus: maybe(fc.constantFrom(503, 99, 200)),
          grpcStatus: maybe(fc.constantFrom("UNAVAILABLE")),
          http2Error: maybe(text),
        }),
      ),
      future: maybe(unknown),
    }),
  ),
  future: maybe(unknown),
})

const l4Match = record({
  port: maybe(fc.constantFrom(0, 9080)),
  destinationSubnets: maybe(fc.constant(["10.0.0.0/8"])),
  sourceSubnet: maybe(text),
  future: maybe(unknown),
})
const l4Route = maybe(
  fc.array(record({ destination, weight: maybe(fc.constantFrom(0, 50, 100)) }), { maxLength: 3 }),
)

/** The spec of a VirtualService for reviews in bookinfo. */
export const virtualServiceSpec = record({
  hosts: fc.constantFrom(["reviews"], ["reviews.bookinfo.svc.cluster.local"], ["reviews", "ratings"]),
  gateways: maybe(fc.constantFrom(["mesh"], ["mesh", "ingress"], [])),
  exportTo: maybe(fc.constant(["*"])),
  http: maybe(fc.array(rule, { maxLength: 4 })),
  tcp: maybe(
    fc.array(
      record({ match: maybe(fc.array(l4Match, { maxLength: 2 })), route: l4Route, future: maybe(unknown) }),
      { maxLength: 2 },
    ),
  ),
  tls: maybe(
    fc.array(
      record({
        match: fc.array(
          record({
            sniHosts: fc.constant(["reviews.bookinfo.svc.cluster.local"]),
            port: maybe(fc.constant(9080)),
            future: maybe(unknown),
          }),
          {
            maxLength: 2,
          },
        ),
        route: l4Route,
      }),
      { maxLength: 2 },
    ),
  ),
  future: maybe(unknown),
})

const named = fc.array(
  record({
    name: names,
    value: text,
    type: maybe(fc.constantFrom("Exact", "RegularExpression", "Future")),
    future: maybe(unknown),
  }),
  { maxLength: 3 },
)
const gatewayMatch = record({
  path: maybe(
    record({
      type: maybe(fc.constantFrom("Exact", "PathPrefix", "RegularExpression", "Future")),
      value: maybe(text),
      future: maybe(unknown),
    }),
  ),
  method: maybe(fc.constantFrom("GET", "POST")),
  headers: maybe(named),
  queryParams: maybe(named),
  future: maybe(unknown),
})
const backendFields = {
  group: maybe(fc.constant("")),
  kind: maybe(fc.constant("Service")),
  name: fc.constantFrom("reviews", "reviews-v1", "reviews-v2", "details"),
  namespace: maybe(fc.constantFrom("bookinfo", "other")),
  port: maybe(fc.constantFrom(9080)),
  future: maybe(unknown),
}
const plainBackend = record(backendFields)
const backend = record({
  ...backendFields,
  group: maybe(fc.constantFrom("", "other.example")),
  kind: maybe(fc.constantFrom("Service", "Backend")),
})
const backendRef = fc
  .tuple(
    backend,
    record({
      weight: maybe(fc.constantFrom(0, 1, 9, 50, 100)),
      filters: maybe(fc.constant([{ type: "ExtensionRef" }])),
    }),
  )
  .map(([ref, more]) => ({ ...ref, ...more }))

const pairs = maybe(fc.array(record({ name: names, value: text }), { maxLength: 2 }))
const modifier = record({
  set: pairs,
  add: pairs,
  remove: maybe(fc.array(names, { maxLength: 2 })),
  future: maybe(unknown),
})
const path = maybe(
  fc.constantFrom(
    { type: "ReplaceFullPath", replaceFullPath: "/x" },
    { type: "ReplacePrefixMatch", replacePrefixMatch: "/y" },
    { type: "Future" },
  ),
)
const filter = fc.oneof(
  record({ type: fc.constant("RequestHeaderModifier"), requestHeaderModifier: modifier }),
  record({ type: fc.constant("ResponseHeaderModifier"), responseHeaderModifier: modifier }),
  record({
    type: fc.constant("URLRewrite"),
    urlRewrite: record({ hostname: maybe(text), path, future: maybe(unknown) }),
  }),
  record({
    type: fc.constant("RequestMirror"),
    requestMirror: record({
      backendRef: plainBackend,
      percent: maybe(fc.constantFrom(0, 10, 100)),
      fraction: maybe(fc.constantFrom({ numerator: 1, denominator: 4 }, { numerator: 5 })),
      future: maybe(unknown),
    }),
  }),
  record({
    type: fc.constant("RequestRedirect"),
    requestRedirect: record({ hostname: maybe(text), statusCode: maybe(fc.constant(301)), path }),
  }),
  record({
    type: fc.constant("CORS"),
    cors: record({
      allowOrigins: maybe(fc.constant(["https://a.example"])),
      maxAge: maybe(fc.constant(5)),
      future: maybe(unknown),
    }),
  }),
  record({
    type: fc.constant("ExtensionRef"),
    extensionRef: fc.constant({ group: "a", kind: "b", name: "c" }),
  }),
)

const gatewayRule = record({
  name: maybe(text),
  matches: maybe(fc.array(gatewayMatch, { maxLength: 3 })),
  // Of most types one filter is allowed.
  filters: maybe(
    fc.uniqueArray(filter, {
      maxLength: 4,
      selector: (own) => (own["type"] === "RequestMirror" ? own : own["type"]),
    }),
  ),
  backendRefs: maybe(fc.array(backendRef, { maxLength: 3 })),
  timeouts: maybe(
    record({ request: maybe(duration), backendRequest: maybe(duration), future: maybe(unknown) }),
  ),
  retry: maybe(
    record({
      attempts: maybe(fc.constantFrom(0, 2)),
      codes: maybe(fc.constant([500])),
      backoff: maybe(duration),
    }),
  ),
  sessionPersistence: maybe(unknown),
  future: maybe(unknown),
})

/** The spec of an HTTPRoute of reviews in bookinfo. */
export const httpRouteSpec = record({
  parentRefs: fc.constant([{ group: "", kind: "Service", name: "reviews", port: 9080 }]),
  hostnames: maybe(fc.constant(["a.example"])),
  rules: maybe(fc.array(gatewayRule, { maxLength: 4 })),
  future: maybe(unknown),
})
