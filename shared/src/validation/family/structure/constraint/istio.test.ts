import { describe, expect, test } from "vitest"
import { said } from "./said.ts"

const kinds: Readonly<Record<string, readonly [key: string, version: string]>> = {
  ap: ["AuthorizationPolicy.security.istio.io", "v1"],
  dr: ["DestinationRule.networking.istio.io", "v1"],
  ef: ["EnvoyFilter.networking.istio.io", "v1alpha3"],
  gw: ["Gateway.networking.istio.io", "v1"],
  pa: ["PeerAuthentication.security.istio.io", "v1"],
  ra: ["RequestAuthentication.security.istio.io", "v1"],
  se: ["ServiceEntry.networking.istio.io", "v1"],
  tel: ["Telemetry.telemetry.istio.io", "v1"],
  te: ["TrafficExtension.extensions.istio.io", "v1alpha1"],
  vs: ["VirtualService.networking.istio.io", "v1"],
  we: ["WorkloadEntry.networking.istio.io", "v1"],
  wg: ["WorkloadGroup.networking.istio.io", "v1"],
  wp: ["WasmPlugin.extensions.istio.io", "v1alpha1"],
}

const ports = "ports: [{ number: 443, name: tls, protocol: TLS }]"

/** What is written, and where it is wrong; nowhere in the near misses. */
const table: readonly (readonly [kind: string, spec: string, ...paths: string[]])[] = [
  ["ap", "{ selector: { matchLabels: { app: '*' } } }", "spec.selector.matchLabels.app"],
  ["ap", "{ selector: { matchLabels: { 'a*': x } } }", 'spec.selector.matchLabels["a*"]'],
  ["ap", "{ selector: { matchLabels: { '': x } } }", "spec.selector.matchLabels"],
  ["ap", "{ selector: { matchLabels: { app: x } } }"],
  ["ap", "{ targetRefs: [{ kind: Service, name: a, namespace: b }] }", "spec.targetRefs[0].namespace"],
  ["ap", "{ targetRefs: [{ kind: Service, name: a, namespace: '' }] }"],
  ["ap", "{ selector: {}, targetRefs: [] }", "schema.exclusive spec.selector"],
  ["ap", "{ selector: null, targetRefs: [] }"],
  [
    "ap",
    "{ rules: [{ from: [{ source: { notServiceAccounts: [a], notNamespaces: [b] } }] }] }",
    "spec.rules[0].from[0].source.notServiceAccounts",
  ],
  ["ap", "{ rules: [{ from: [{ source: { serviceAccounts: [a], ipBlocks: [10.0.0.0/8] } }] }] }"],
  [
    "dr",
    "{ host: a, trafficPolicy: { connectionPool: { tcp: { connectTimeout: 10 } } } }",
    "schema.type spec.trafficPolicy.connectionPool.tcp.connectTimeout",
  ],
  [
    "dr",
    "{ host: a, trafficPolicy: { connectionPool: { tcp: { connectTimeout: '10' } } } }",
    "spec.trafficPolicy.connectionPool.tcp.connectTimeout",
  ],
  ["dr", "{ host: a, trafficPolicy: { connectionPool: { tcp: { connectTimeout: 1ms } } } }"],
  [
    "dr",
    "{ host: a, trafficPolicy: { connectionPool: { tcp: { connectTimeout: 999us } } } }",
    "spec.trafficPolicy.connectionPool.tcp.connectTimeout",
  ],
  ["vs", "{ http: [{ timeout: -1s }] }", "spec.http[0].timeout"],
  ["vs", "{ http: [{ timeout: 1h1m1.5s }] }"],
  ["vs", "{ http: [{ timeout: 0.5 s }] }", "spec.http[0].timeout"],
  [
    "ef",
    "{ configPatches: [{ match: { context: GATEWAY, waypoint: {} } }] }",
    "spec.configPatches[0].match.waypoint",
  ],
  ["ef", "{ configPatches: [{ match: { waypoint: {} } }] }", "spec.configPatches[0].match.waypoint"],
  [
    "ef",
    "{ configPatches: [{ match: { context: WAYPOINT, cluster: {} } }] }",
    "spec.configPatches[0].match.context",
  ],
  ["ef", "{ configPatches: [{ match: { context: WAYPOINT, waypoint: {} } }] }"],
  ["ef", "{ workloadSelector: { labels: { app: 'a*' } } }", "spec.workloadSelector.labels.app"],
  [
    "gw",
    "{ servers: [{ hosts: [a], port: { number: 443, name: h, protocol: HTTPS }, tls: { credentialName: a, credentialNames: [b] } }] }",
    "schema.exclusive spec.servers[0].tls.credentialName",
  ],
  [
    "gw",
    "{ servers: [{ hosts: [a], port: { number: 443, name: h, protocol: HTTPS }, tls: { tlsCertificates: [{}], credentialNames: [b] } }] }",
    "schema.exclusive spec.servers[0].tls.tlsCertificates",
  ],
  ["pa", "{ portLevelMtls: { '80': { mode: STRICT } } }", "spec.portLevelMtls"],
  [
    "pa",
    "{ selector: { matchLabels: {} }, portLevelMtls: { '80': { mode: STRICT } } }",
    "spec.portLevelMtls",
  ],
  ["pa", "{ selector: { matchLabels: { a: b } }, portLevelMtls: { '80': { mode: STRICT } } }"],
  ["pa", "{ selector: { matchLabels: { a: b } }, portLevelMtls: { http: {} } }", "spec.portLevelMtls.http"],
  [
    "pa",
    "{ selector: { matchLabels: { a: b } }, portLevelMtls: { '65536': {} } }",
    'spec.portLevelMtls["65536"]',
  ],
  ["ra", "{ jwtRules: [{ issuer: a, jwksUri: foo.com/keys }] }", "spec.jwtRules[0].jwksUri"],
  ["ra", "{ jwtRules: [{ issuer: a, jwksUri: 'ftp://foo.com/keys' }] }", "spec.jwtRules[0].jwksUri"],
  ["ra", "{ jwtRules: [{ issuer: a, jwksUri: 'https://foo.com:port/keys' }] }", "spec.jwtRules[0].jwksUri"],
  ["ra", "{ jwtRules: [{ issuer: a, jwksUri: 'https://foo com/keys' }] }", "spec.jwtRules[0].jwksUri"],
  ["ra", "{ jwtRules: [{ issuer: a, jwksUri: 'https://[2001:db8::1]:8443/keys?a=%20' }] }"],
  ["ra", "{ jwtRules: [{ issuer: a, jwksUri: 'HTTPS://user:pass@foo.com:443' }] }"],
  [
    "ra",
    "{ jwtRules: [{ issuer: a, jwksUri: 'https://a', jwks: '{}' }] }",
    "schema.exclusive spec.jwtRules[0].jwksUri",
  ],
  ["se", `{ hosts: ['*'], ${ports} }`, "spec.hosts[0]"],
  ["se", `{ hosts: ['*.a.com'], ${ports} }`],
  [
    "se",
    `{ hosts: [a], workloadSelector: {}, resolution: STATIC, endpoints: [{ address: 1.1.1.1 }] }`,
    "schema.exclusive spec.workloadSelector",
  ],
  ["se", `{ hosts: [a], endpoints: [{ address: 1.1.1.1 }] }`, "spec.endpoints"],
  ["se", `{ hosts: [a], resolution: DNS, addresses: [10.0.0.1, 10.0.0.0/8] }`, "spec.addresses[1]"],
  ["se", `{ hosts: [a], addresses: [10.0.0.0/8] }`],
  [
    "se",
    `{ hosts: [a], resolution: DNS_ROUND_ROBIN, endpoints: [{ address: a }, { address: b }] }`,
    "spec.endpoints",
  ],
  ["se", `{ hosts: [a], resolution: DNS, endpoints: [{ address: a }, { address: b }] }`],
  ["se", `{ hosts: [a], resolution: STATIC, endpoints: [{ labels: { a: b } }] }`, "spec.endpoints[0]"],
  ["se", `{ hosts: [a], resolution: STATIC, endpoints: [{ network: n }] }`],
  ["se", "{ hosts: [a], ports: [{ number: 80, name: a }, { number: 80, name: b }] }", "spec.ports[1].number"],
  [
    "se",
    "{ hosts: [a], ports: [{ number: 80, name: a }, { number: 81, name: a }] }",
    "schema.duplicate spec.ports[1]",
  ],
  [
    "tel",
    "{ metrics: [{ overrides: [{ tagOverrides: { a: { operation: UPSERT } } }] }] }",
    "spec.metrics[0].overrides[0].tagOverrides.a.operation",
  ],
  [
    "tel",
    "{ metrics: [{ overrides: [{ tagOverrides: { a: { operation: REMOVE, value: x } } }] }] }",
    "spec.metrics[0].overrides[0].tagOverrides.a.value",
  ],
  ["tel", "{ metrics: [{ overrides: [{ tagOverrides: { a: { value: x } } }] }] }"],
  ["te", "{}", "spec"],
  [
    "te",
    "{ lua: {}, wasm: { url: a } }",
    "schema.missing_field spec.lua.inlineCode",
    "schema.exclusive spec.wasm",
  ],
  ["te", "{ wasm: { url: a } }"],
  ["we", "{}", "spec"],
  ["we", "{ address: 'unix:///run/a', ports: { http: 80 } }", "spec.ports"],
  ["we", "{ address: 'unix://run/a' }", "spec.address"],
  ["we", "{ address: 'unix:///run/' }", "spec.address"],
  ["we", "{ address: 'unix://@a' }"],
  ["we", "{ address: a, ports: { '-a': 80 } }", 'spec.ports["-a"]'],
  ["we", `{ address: a, ports: { ${"a".repeat(63)}: 80 } }`, `spec.ports.${"a".repeat(63)}`],
  ["we", `{ address: a, ports: { ${"a".repeat(62)}: 80 } }`],
  ["we", "{ address: a, ports: { a: 0 } }", "schema.range spec.ports.a"],
  [
    "wg",
    "{ template: {}, probe: { httpGet: { port: 80, scheme: http } } }",
    "schema.value spec.probe.httpGet.scheme",
  ],
  ["wg", "{ template: {}, probe: { httpGet: { port: 80, scheme: '' } } }"],
  ["wp", "{ url: 'ftp://a/b' }", "spec.url"],
  ["wp", "{ url: 'a.io:5000/b' }", "spec.url"],
  ["wp", "{ url: a.io/b:latest }"],
  ["wp", "{ url: 'oci://a.io:5000/b' }"],
  ["wp", "{ url: 'a b' }", "spec.url"],
  [
    "wp",
    "{ url: a, vmConfig: { env: [{ name: A, valueFrom: HOST, value: b }] } }",
    "spec.vmConfig.env[0].value",
  ],
  ["wp", "{ url: a, vmConfig: { env: [{ name: A, valueFrom: HOST }] } }"],
]

describe("the conditions of Istio's definitions", () => {
  test.each(table)("%s %s", (kind, spec, ...paths) => {
    const [key, version] = kinds[kind] ?? ["", ""]
    expect(said(key, version, spec).toSorted()).toEqual(paths.toSorted())
  })
})
