import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "../../../kube/object.ts"
import { effectOf } from "../../../edit/patch.ts"
import { Engine } from "../../engine/engine.ts"
import { here, objectsOf, validateYaml } from "../../testing.ts"
import { http, serviceEntry, server, virtualService } from "./examples/yaml.ts"
import { semanticsTrafficExamples } from "./examples.ts"
import { semanticsTraffic } from "./family.ts"

const families = [semanticsTraffic]

describe("the examples of the rules", () => {
  test("there is one for each rule", () => {
    expect(semanticsTrafficExamples.map(({ code }) => code).toSorted()).toEqual(
      semanticsTraffic.rules.map(({ code }) => code).toSorted(),
    )
  })

  test.each(semanticsTrafficExamples)(
    "$code speaks of its example alone, and not of the near miss",
    ({ code, fires, silent }) => {
      expect(validateYaml(fires, { families }).map((finding) => finding.code)).toEqual([code])
      expect(validateYaml(silent, { families })).toEqual([])
    },
  )
})

const route = "route: [{destination: {host: shop}}]"
const tls = "hosts: [a.example.com], port: {number: 443, name: https, protocol: HTTPS"

const fixable: readonly (readonly [string, string])[] = [
  [
    "a host that is there twice",
    virtualService(`http: [{${route}}]`).replace("[shop.example.com]", "[a.b, a.b]"),
  ],
  [
    "namespaces beside *",
    serviceEntry("hosts: [a.b]\nexportTo: ['*', shop]\nports: [{number: 80, name: http, protocol: HTTP}]"),
  ],
  ["a namespace and its dot", virtualService(`exportTo: [., shop]\nhttp: [{${route}}]`)],
  ["spaces between conditions", http("retries: {attempts: 1, retryOn: '5xx, reset'}")],
  ["the old percentage of a mirror", http("mirror: {host: b}\nmirrorPercent: 5")],
  ["a match that repeats one of its route", http("match: [{port: 80}, {port: 80}]")],
  ["a route that repeats another", virtualService(`http: [{${route}}, {name: b, ${route}}]`)],
  ["a target port at a gateway", server(`${tls}, targetPort: 8443}, tls: {mode: SIMPLE, credentialName: a}`)],
  [
    "a cipher that is none",
    server(`${tls}}, tls: {mode: SIMPLE, credentialName: a, cipherSuites: [AES128-SHA, NONE]}`),
  ],
  [
    "a redirect on a TLS port",
    server(`${tls}}, tls: {mode: SIMPLE, credentialName: a, httpsRedirect: true}`),
  ],
  [
    "an annotation of another kind",
    server(`${tls}}, tls: {mode: ISTIO_MUTUAL}`).replace(
      "namespace: shop",
      "namespace: shop, annotations: {istio.io/dry-run: 'true'}",
    ),
  ],
]

describe("a fix", () => {
  test.each(fixable)("for %s removes what it is for, and adds nothing", (_, yaml) => {
    const engine = new Engine({ families, strict: true })
    for (const object of objectsOf(yaml)) engine.put(here, object)
    const [finding] = engine.findings().filter(({ fix }) => fix !== null)
    if (!finding?.fix) throw new Error("there is no fix")
    const effect = effectOf(finding.fix.edits, (ref) => engine.object(here, ref))
    if (effect === undefined) throw new Error("the fix does not fit its object")
    const { added, removed } = engine.delta([{ cluster: here, ...effect }])
    expect(added).toEqual([])
    expect(removed.map(({ path }) => path)).toContain(finding.path)
  })
})

describe("routes of a VirtualService", () => {
  const said = (yaml: string): string[] =>
    validateYaml(yaml, { families }).map(
      ({ code, path }) => `${code.slice("virtualservice.".length)} ${path}`,
    )

  test.each<[string, string, string[]]>([
    ["a delegate may leave requests to the next route", `http: [{delegate: {name: a}}, {${route}}]`, []],
    [
      "but not to the same delegate once more",
      "http: [{delegate: {name: a}, match: [{port: 80}]}, {delegate: {name: a}, match: [{port: 80}]}]",
      ["rule_unreachable spec.http[1]", "match_ineffective spec.http[1].match[0]"],
    ],
    [
      "all matches of a route may be taken by several before it",
      `http: [{match: [{uri: {prefix: /a}}], ${route}}, {match: [{uri: {prefix: /b}}], ${route}}, {match: [{uri: {exact: /a/x}}, {uri: {prefix: /b/y}}], redirect: {uri: /}}]`,
      [
        "rule_unreachable spec.http[2]",
        "match_ineffective spec.http[2].match[0]",
        "match_ineffective spec.http[2].match[1]",
      ],
    ],
    [
      "clients of another label are others",
      `http: [{match: [{sourceLabels: {app: a}}], ${route}}, {match: [{sourceLabels: {app: b}}], redirect: {uri: /}}]`,
      [],
    ],
    [
      "a gateway is the same by its short and its full name",
      `gateways: [a, mesh]\nhttp: [{match: [{gateways: [shop/a]}], ${route}}, {match: [{gateways: [a], port: 80}], redirect: {uri: /}}]`,
      ["rule_unreachable spec.http[1]", "match_ineffective spec.http[1].match[0]"],
    ],
    [
      "the same path is taken by the first, in whatever case it is asked for where there is none",
      `http: [{match: [{uri: {exact: /7}}], ${route}}, {match: [{uri: {exact: /7}, ignoreUriCase: true, port: 80}], redirect: {uri: /}}]`,
      ["rule_unreachable spec.http[1]", "match_ineffective spec.http[1].match[0]"],
    ],
    [
      "a name of SNI belongs to the first that names it",
      `tls: [{match: [{sniHosts: [shop.example.com], port: 443}], ${route}}, {match: [{sniHosts: [shop.example.com]}], ${route}}, {match: [{sniHosts: [shop.example.com], port: 443}], ${route}}]`,
      ["rule_unreachable spec.tls[2]", "match_ineffective spec.tls[2].match[0]"],
    ],
    [
      "subnets are left to the narrowest",
      `tcp: [{match: [{destinationSubnets: [10.0.0.0/8]}], ${route}}, {match: [{destinationSubnets: [10.1.0.0/16]}], ${route}}]`,
      [],
    ],
  ])("%s", (_, spec, expected) => {
    expect(said(virtualService(spec)).toSorted()).toEqual(expected.toSorted())
  })

  test("of a delegate may be dropped by its root, so only what is written alike is sure", () => {
    const delegate = (spec: string) => virtualService(spec).replace("hosts: [shop.example.com]", "")
    const [wide, narrow] = ["{uri: {prefix: /}}", "{uri: {prefix: /api/x}}"]
    expect(
      said(delegate(`http: [{match: [${wide}], ${route}}, {match: [${narrow}], redirect: {uri: /}}]`)),
    ).toEqual([])
    expect(
      said(delegate(`http: [{match: [${narrow}], ${route}}, {match: [${narrow}], redirect: {uri: /}}]`)),
    ).toHaveLength(2)
    expect(said(delegate(`http: [{${route}}, {match: [${narrow}], redirect: {uri: /}}]`))).toHaveLength(1)
  })
})

/** Puts a value somewhere into a copy of an object. */
function mutated(object: KubeObject, choices: readonly number[], value: unknown): KubeObject {
  const copy = structuredClone(object)
  let parent: Record<string, unknown> = copy
  let key = "spec"
  for (const choice of choices) {
    const child = parent[key]
    if (child === null || typeof child !== "object") break
    const keys = Object.keys(child)
    const next = keys[choice % keys.length]
    if (next === undefined) break
    parent = child as Record<string, unknown>
    key = next
  }
  parent[key] = value
  return copy
}

const objects = [
  ...semanticsTrafficExamples.flatMap(({ fires, silent }) => [fires, silent]),
  ...fixable.map(([, yaml]) => yaml),
].flatMap(objectsOf)
const strange = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    true,
    -1,
    0,
    1e300,
    Number.NaN,
    "",
    "*",
    "/",
    "unix://",
    "a/",
    "[::1",
    "%",
    "(",
    [],
    {},
    [null],
    [[]],
  ),
  fc.string(),
  fc.constant({ toString: 1, valueOf: null, host: {}, number: "1", exact: 1 }),
  fc.constantFrom(...objects.map(({ spec }) => spec)),
)

test("objects of any shape are judged without an error", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...objects),
      fc.array(fc.nat(9), { maxLength: 8 }),
      strange,
      (object, choices, value) => {
        const engine = new Engine({ families, strict: true })
        engine.put(here, mutated(object, choices, value))
        expect(Array.isArray(engine.findings())).toBe(true)
      },
    ),
    { numRuns: 4000 },
  )
})
