import { describe, expect, test } from "vitest"
import type { Level } from "../../finding.ts"
import { validateYaml } from "../../testing.ts"
import { semanticsPolicy } from "./family.ts"

const said = (kind: string, apiVersion: string, spec: string): [string, Level][] =>
  validateYaml(
    `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a, namespace: shop}, spec: {${spec}}}`,
    {
      families: [semanticsPolicy],
    },
  ).map(({ code, level }) => [code, level])

const networking = (kind: string, spec: string): [string, Level][] =>
  said(kind, "networking.istio.io/v1", spec)
const deny = (rule: string): [string, Level][] =>
  said("AuthorizationPolicy", "security.istio.io/v1", `action: DENY, rules: [${rule}]`)

const denied: [string, Level] = ["authorizationpolicy.denies_tcp", "warning"]

describe("where Istio's own checks say less or other than what istiod does", () => {
  test("a trust domain is known of TCP too, so a DENY by it stays as narrow as it is", () => {
    expect(deny("{from: [{source: {trustDomains: [foreign.example]}}]}")).toEqual([])
  })

  test("one source by HTTP among others is any source on TCP", () => {
    const narrow = "{source: {namespaces: [front]}}"
    expect(deny(`{from: [${narrow}, {source: {requestPrincipals: ["*"]}}]}`)).toEqual([denied])
    expect(deny(`{from: [${narrow}]}`)).toEqual([])
  })

  test("conditions alone widen on TCP as sources do, unless they name the port", () => {
    const header = '{key: "request.headers[x-a]", values: [b]}'
    expect(deny(`{when: [${header}]}`)).toEqual([denied])
    expect(deny(`{when: [${header}, {key: source.ip, values: [10.0.0.0/8]}]}`)).toEqual([])
    expect(
      deny(`{to: [{operation: {methods: [GET]}}], when: [{key: destination.port, values: ["80"]}]}`),
    ).toEqual([])
  })

  test("without a CA, proxies take those of their system: a note, and no warning", () => {
    expect(
      networking("DestinationRule", "host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}"),
    ).toEqual([["destinationrule.tls_unverified", "info"]])
  })

  test("a CA from a ConfigMap counts for sidecars, with or without a workloadSelector", () => {
    const tls = "tls: {mode: SIMPLE, credentialName: configmap://shop/ca}"
    expect(networking("DestinationRule", `host: api.example.com, trafficPolicy: {${tls}}`)).toEqual([])
  })

  test("subsets originate TLS like the rule", () => {
    const subset = "{name: v1, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}"
    expect(networking("DestinationRule", `host: api.example.com, subsets: [${subset}]`)).toEqual([
      ["destinationrule.tls_unverified", "warning"],
    ])
  })

  test("istiod replaces listener filters, and adds and removes routes", () => {
    const patch = (applyTo: string, operation: string): string =>
      `priority: 1, configPatches: [{applyTo: ${applyTo}, patch: {operation: ${operation}, value: {typed_config: {"@type": a/b.v3.C}}}}]`
    expect(networking("EnvoyFilter", patch("LISTENER_FILTER", "REPLACE"))).toEqual([])
    expect(networking("EnvoyFilter", patch("HTTP_ROUTE", "ADD"))).toEqual([
      ["envoyfilter.add_ignored", "info"],
    ])
    expect(networking("EnvoyFilter", patch("HTTP_ROUTE", "REMOVE"))).toEqual([
      ["envoyfilter.remove_ignored", "info"],
    ])
  })

  test("another EnvoyFilter's proxy version says nothing of this one", () => {
    const filter = (name: string, operation: string, match: string): string =>
      `{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: ${name}}, spec: {configPatches: [{applyTo: HTTP_FILTER, ${match}patch: {operation: ${operation}, value: {name: x, typed_config: {"@type": a/b.v3.C}}}}]}}`
    const both = [filter("a", "ADD", 'match: {proxy: {proxyVersion: "^1.*"}}, '), filter("b", "REPLACE", "")]
    expect(validateYaml(both, { families: [semanticsPolicy] }).map(({ code }) => code)).toEqual([
      "envoyfilter.relative_operation",
    ])
  })

  test("an empty selector means every workload, but nothing to a ProxyConfig", () => {
    const messages = (kind: string, apiVersion: string): string[] =>
      validateYaml(`{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a}, spec: {selector: {}}}`, {
        families: [semanticsPolicy],
      }).map(({ message }) => message)
    expect(messages("ProxyConfig", "networking.istio.io/v1beta1")).toEqual([
      expect.stringContaining("applies the ProxyConfig to nothing"),
    ])
    expect(messages("PeerAuthentication", "security.istio.io/v1")).toEqual([
      "the selector has no labels, so it selects every workload",
    ])
  })

  test("egressProxy is obeyed, so that it is a note on the API only", () => {
    const proxy = "egressProxy: {host: egress.example.com, port: {number: 443}}"
    expect(networking("Sidecar", `outboundTrafficPolicy: {mode: ALLOW_ANY, ${proxy}}`)).toEqual([
      ["sidecar.egress_proxy_hidden", "info"],
    ])
  })
})
