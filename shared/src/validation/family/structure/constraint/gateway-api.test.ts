import { describe, expect, test } from "vitest"
import { said } from "./said.ts"

const group = "gateway.networking.k8s.io"

/** Rules of an HTTPRoute, and where they are wrong below `spec.rules[0]`. */
const httpRules: readonly (readonly [rule: string, ...paths: string[]])[] = [
  ["{ backendRefs: [{ name: a }] }", "backendRefs[0]"],
  ["{ backendRefs: [{ name: a, port: 80 }] }"],
  ["{ backendRefs: [{ name: a, kind: Backend, group: x.io }] }"],
  ["{ backendRefs: [{ name: a, kind: ServiceImport, group: multicluster.x-k8s.io }] }"],
  [
    "{ filters: [{ type: RequestRedirect, requestRedirect: {} }], backendRefs: [{ name: a, port: 80 }] }",
    "filters[0]",
  ],
  ["{ filters: [{ type: RequestRedirect, requestRedirect: {} }] }"],
  ["{ filters: [{ type: URLRewrite }] }", "filters[0]"],
  ["{ filters: [{ type: URLRewrite, urlRewrite: {}, cors: {} }] }", "filters[0].cors"],
  [
    "{ filters: [{ type: ExternalAuth, externalAuth: { protocol: GRPC, backendRef: { name: a, port: 1 } } }] }",
    "filters[0].externalAuth",
  ],
  [
    "{ filters: [{ type: ExternalAuth, externalAuth: { protocol: GRPC, grpc: {}, http: {}, backendRef: { name: a, port: 1 } } }] }",
    "filters[0].externalAuth.http",
  ],
  ["{ filters: [{ type: URLRewrite, urlRewrite: {} }, { type: URLRewrite, urlRewrite: {} }] }", "filters[1]"],
  ["{ filters: [{ type: CORS, cors: {} }, { type: CORS, cors: {} }] }", "filters[1]"],
  [
    "{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: a, port: 1 } } }, { type: RequestMirror, requestMirror: { backendRef: { name: b, port: 1 } } }] }",
  ],
  [
    "{ filters: [{ type: URLRewrite, urlRewrite: {} }, { type: RequestRedirect, requestRedirect: {} }] }",
    "filters",
  ],
  [
    "{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: a, port: 1 }, fraction: { numerator: 101 } } }] }",
    "filters[0].requestMirror.fraction.numerator",
  ],
  [
    "{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: a, port: 1 }, fraction: { numerator: 101, denominator: 1000 } } }] }",
  ],
  [
    "{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: a } } }] }",
    "filters[0].requestMirror.backendRef",
  ],
  [
    "{ filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath } } }] }",
    "filters[0].urlRewrite.path",
  ],
  [
    "{ filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: /a, replacePrefixMatch: /b } } }] }",
    "filters[0].urlRewrite.path.replacePrefixMatch",
  ],
  [
    "{ filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: / } } }] }",
  ],
  [
    "{ matches: [{ method: GET }], filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: / } } }] }",
  ],
  [
    "{ matches: [{ path: { type: Exact, value: /a } }], filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: / } } }] }",
    "filters[0].urlRewrite.path",
  ],
  [
    "{ matches: [{}, {}], backendRefs: [{ name: a, port: 1, filters: [{ type: RequestRedirect, requestRedirect: { path: { type: ReplacePrefixMatch, replacePrefixMatch: / } } }] }] }",
    "backendRefs[0].filters[0].requestRedirect.path",
  ],
  ["{ filters: [{ type: CORS, cors: { allowMethods: [GET, '*'] } }] }", "filters[0].cors.allowMethods[1]"],
  ["{ filters: [{ type: CORS, cors: { allowOrigins: ['*'] } }] }"],
  ["{ matches: [{ path: { value: a } }] }", "matches[0].path.value"],
  ["{ matches: [{ path: { value: /a//b } }] }", "matches[0].path.value"],
  ["{ matches: [{ path: { value: /a/../b } }] }", "matches[0].path.value"],
  ["{ matches: [{ path: { value: /a%2Fb } }] }", "matches[0].path.value"],
  ["{ matches: [{ path: { value: /a/.. } }] }", "matches[0].path.value"],
  ["{ matches: [{ path: { value: '/a b' } }] }", "matches[0].path.value"],
  ["{ matches: [{ path: { value: '/a#b' } }] }", "matches[0].path.value"],
  ["{ matches: [{ path: { type: RegularExpression, value: 'a//b.*' } }] }"],
  ["{ matches: [{ path: { value: /a%20b/.../c } }] }"],
  ["{ timeouts: { request: 1s, backendRequest: 1001ms } }", "timeouts.backendRequest"],
  ["{ timeouts: { request: 1m, backendRequest: 60s } }"],
  ["{ timeouts: { request: 0s, backendRequest: 60s } }"],
  [
    "{ sessionPersistence: { cookieConfig: { lifetimeType: Permanent } } }",
    "sessionPersistence.cookieConfig.lifetimeType",
  ],
  ["{ sessionPersistence: { type: Header, cookieConfig: {} } }", "sessionPersistence.cookieConfig"],
  ["{ sessionPersistence: { absoluteTimeout: 1h, cookieConfig: { lifetimeType: Permanent } } }"],
]

const listener = "name: a, port: 443"

/** Specs of other kinds, and where they are wrong. */
const table: readonly (readonly [kind: string, spec: string, ...paths: string[]])[] = [
  ["HTTPRoute", `{ rules: [{ name: a }, { name: a }] }`, "spec.rules[1].name"],
  [
    "HTTPRoute",
    `{ rules: [${"{ matches: [{}, {}, {}, {}, {}, {}, {}, {}, {}] },".repeat(15)}] }`,
    "spec.rules",
  ],
  ["HTTPRoute", "{ parentRefs: [{ name: a }, { name: a }] }", "spec.parentRefs[1]"],
  ["HTTPRoute", "{ parentRefs: [{ name: a, sectionName: b }, { name: a }] }", "spec.parentRefs[1]"],
  ["HTTPRoute", "{ parentRefs: [{ name: a, sectionName: b }, { name: a, port: 80 }] }", "spec.parentRefs[1]"],
  [
    "HTTPRoute",
    "{ parentRefs: [{ name: a, kind: Gateway }, { name: a, group: gateway.networking.k8s.io }] }",
    "spec.parentRefs[1]",
  ],
  [
    "HTTPRoute",
    "{ parentRefs: [{ name: a, sectionName: b }, { name: a, sectionName: c }, { name: a, namespace: n }] }",
  ],
  ["GRPCRoute", "{ rules: [{ matches: [{ method: {} }] }] }", "spec.rules[0].matches[0].method"],
  [
    "GRPCRoute",
    "{ rules: [{ matches: [{ method: { service: a-b } }] }] }",
    "spec.rules[0].matches[0].method.service",
  ],
  [
    "GRPCRoute",
    "{ rules: [{ matches: [{ method: { method: a.b } }] }] }",
    "spec.rules[0].matches[0].method.method",
  ],
  ["GRPCRoute", "{ rules: [{ matches: [{ method: { type: RegularExpression, service: 'a-.*' } }] }] }"],
  ["GRPCRoute", "{ rules: [{ filters: [{ type: ExtensionRef }] }] }", "spec.rules[0].filters[0]"],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP, tls: { options: { a: b } } }] }`,
    "spec.listeners[0].tls",
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTPS, tls: { mode: Passthrough } }] }`,
    "spec.listeners[0].tls.mode",
  ],
  ["Gateway", `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: TLS }] }`, "spec.listeners[0]"],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: TLS, tls: { mode: Passthrough } }] }`,
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTPS, tls: {} }] }`,
    "spec.listeners[0].tls",
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTPS, tls: { certificateRefs: [{ name: a }] } }] }`,
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: TCP, hostname: a.b }] }`,
    "spec.listeners[0].hostname",
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP }, { name: b, port: 443, protocol: HTTP }] }`,
    "spec.listeners[1]",
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP }, { name: b, port: 443, protocol: HTTP, hostname: a.b }] }`,
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP }], addresses: [{ value: a.b }] }`,
    "spec.addresses[0].value",
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP }], addresses: [{ type: Hostname, value: A }] }`,
    "spec.addresses[0].value",
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP }], addresses: [{ value: '::1' }, { type: IPAddress, value: '::1' }] }`,
    "spec.addresses[1].value",
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP }], addresses: [{ value: 10.0.0.1 }, { value: 'fe80::1.2.3.4' }, {}] }`,
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP }], infrastructure: { labels: { a/b/c: d } } }`,
    'spec.infrastructure.labels["a/b/c"]',
  ],
  [
    "Gateway",
    `{ gatewayClassName: a, listeners: [{ ${listener}, protocol: HTTP }], infrastructure: { annotations: { a.io/b: d } } }`,
  ],
  [
    "TLSRoute",
    "{ hostnames: [10.0.0.1], rules: [{ backendRefs: [{ name: a, port: 1 }] }] }",
    "spec.hostnames[0]",
  ],
  ["TLSRoute", "{ hostnames: ['*.a.b'], rules: [{ backendRefs: [{ name: a, port: 1 }] }] }"],
  [
    "BackendTLSPolicy",
    "{ targetRefs: [{ group: '', kind: Service, name: a }], validation: { hostname: a } }",
    "spec.validation",
  ],
  [
    "BackendTLSPolicy",
    "{ targetRefs: [{ group: '', kind: Service, name: a }], validation: { hostname: a, wellKnownCACertificates: System, caCertificateRefs: [{ group: '', kind: ConfigMap, name: a }] } }",
    "spec.validation",
  ],
  [
    "BackendTLSPolicy",
    "{ targetRefs: [{ group: '', kind: Service, name: a }, { group: '', kind: Service, name: a, sectionName: b }], validation: { hostname: a, wellKnownCACertificates: System } }",
    "spec.targetRefs[1]",
  ],
  [
    "BackendTLSPolicy",
    "{ targetRefs: [{ group: '', kind: Service, name: a }], validation: { hostname: a, wellKnownCACertificates: System, subjectAltNames: [{ type: URI }, { type: Hostname, hostname: a, uri: 'a://b' }] } }",
    "spec.validation.subjectAltNames[0]",
    "spec.validation.subjectAltNames[1].uri",
  ],
]

describe("the conditions of the Gateway API's definitions", () => {
  test.each(httpRules)("of a rule of an HTTPRoute: %s", (rule, ...paths) => {
    expect(said(`HTTPRoute.${group}`, "v1", `{ rules: [${rule}] }`)).toEqual(
      paths.map((path) => `spec.rules[0].${path}`),
    )
  })

  test.each(table)("of a %s: %s", (kind, spec, ...paths) => {
    expect(said(`${kind}.${group}`, "v1", spec)).toEqual(paths)
  })

  test("an older version has its own", () => {
    const two = "[{ backendRefs: [{ name: a, port: 1 }] }, { backendRefs: [{ name: b, port: 1 }] }]"
    expect(said(`TLSRoute.${group}`, "v1alpha2", `{ rules: ${two} }`)).toEqual([])
    expect(said(`TLSRoute.${group}`, "v1", `{ hostnames: [a.b], rules: ${two} }`)).toEqual([
      "schema.limit spec.rules",
    ])
  })
})
