import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { account, namespace, plainPod, pod, policy, service, yaml } from "./example-objects.ts"
import { security } from "./family.ts"
import { ruleCovers } from "./overruled.ts"

const told = (text: string): string[] =>
  validateYaml(text, { families: [security] }).map(
    ({ code, level, path, message }) => `${level} ${code} ${path}: ${message}`,
  )

const shop = namespace("shop")
const cart = [shop, pod("cart"), service("cart")]
const rule = (text: string, action = "ALLOW"): string =>
  policy(`{ action: ${action}, selector: { matchLabels: { app: cart } }, rules: [${text}] }`)

describe("a rule that can never match", () => {
  test("is an error in DENY, which guards less than it says, and a warning in ALLOW", () => {
    const both = "{ to: [{ operation: { methods: [GET], notMethods: ['*'] } }] }"
    expect(told(yaml(...cart, rule(both, "DENY")))).toEqual([
      "error authorizationpolicy.excludes_itself spec.rules[0].to[0].operation.notMethods: notMethods * leaves nothing of methods GET",
    ])
    expect(told(yaml(...cart, rule(both)))).toEqual([
      "warning authorizationpolicy.excludes_itself spec.rules[0].to[0].operation.notMethods: notMethods * leaves nothing of methods GET",
    ])
  })
  test("may be so by its conditions", () => {
    const twice =
      "{ when: [{ key: destination.port, values: ['80'] }, { key: destination.port, values: ['81'] }] }"
    expect(told(yaml(...cart, rule(twice)))).toEqual([
      "warning authorizationpolicy.conditions_exclude_each_other spec.rules[0].when[1]: destination.port cannot be 81 and 80 at once",
    ])
  })
  test("is none when claims have several values", () => {
    const claims =
      "{ when: [{ key: 'request.auth.claims[groups]', values: [a] }, { key: 'request.auth.claims[groups]', values: [b] }] }"
    expect(told(yaml(...cart, rule(claims)))).toEqual([])
  })
  test("is none where another source of the same rule can match", () => {
    const sources =
      "{ from: [{ source: { principals: [cluster.local/ns/web/sa/default] } }, { source: { namespaces: [shop] } }], when: [{ key: source.namespace, values: [shop] }] }"
    expect(told(yaml(...cart, namespace("web"), rule(sources)))).toEqual([])
  })
})

describe("a DENY rule for HTTP on a TCP port", () => {
  const tcp = [shop, pod("cart"), service("cart", { port: "tcp" })]
  test("is told where it names the port; one that names none is told wherever it stands, by another rule", () => {
    const named = "{ to: [{ operation: { methods: [GET], ports: ['8080'] } }] }"
    expect(told(yaml(...tcp, rule(named, "DENY")))).toEqual([
      "warning authorizationpolicy.http_on_tcp spec.rules[0]: methods is HTTP, and port 8080 is TCP: the rule denies whatever the rest of it matches",
    ])
    expect(told(yaml(...tcp, rule("{ to: [{ operation: { methods: [GET] } }] }", "DENY")))).toEqual([])
  })
})

describe("the names in a policy", () => {
  test("that are nearly right are told with what was meant", () => {
    const source =
      "{ from: [{ source: { principals: [cluster.local/ns/shop/sa/wev], namespaces: [shop] } }] }"
    expect(told(yaml(...cart, account("web"), rule(source)))).toEqual([
      "warning authorizationpolicy.service_account_unknown spec.rules[0].from[0].source.principals[0]: there is no service account wev in shop, did you mean web?",
    ])
  })
  test("of accounts exist when pods run as them", () => {
    const running = pod("web").replace("{ containers", "{ serviceAccountName: web, containers")
    const source = "{ from: [{ source: { serviceAccounts: [web] } }] }"
    expect(told(yaml(...cart, account("other"), running, rule(source)))).toEqual([])
  })
  test("of namespaces may be of another cluster", () => {
    const source = "{ from: [{ source: { namespaces: [far] } }] }"
    const found = validateYaml(yaml(...cart, rule(source)), {
      families: [security],
      clusters: { other: namespace("far") },
    })
    expect(found).toEqual([])
  })
})

describe("a policy that selects", () => {
  test("part of the right labels is told which of them are wrong", () => {
    const text = policy(
      "{ selector: { matchLabels: { app: cart, version: v9 } }, action: DENY, rules: [{}] }",
    )
    expect(told(yaml(...cart, text))).toEqual([
      "warning authorizationpolicy.selects_nothing spec.selector.matchLabels: no pod in shop has the labels app=cart,version=v9; none has version=v9",
    ])
  })
  test("a Deployment that is scaled to nothing is right", () => {
    const idle = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: idle, namespace: shop }
spec: { replicas: 0, template: { metadata: { labels: { app: idle } } } }`
    const text = policy("{ selector: { matchLabels: { app: idle } }, action: DENY, rules: [{}] }")
    expect(told(yaml(...cart, idle, text)).filter((one) => one.includes("selects"))).toEqual([])
  })
  test("in the root namespace selects in all of them", () => {
    const root = (app: string): string =>
      policy(
        `{ selector: { matchLabels: { app: ${app} } }, action: DENY, rules: [{}] }`,
        "guard",
        "istio-system",
      )
    expect(told(yaml(...cart, root("cart")))).toEqual([])
    expect(told(yaml(shop, plainPod("cart"), root("cart")))).toEqual([
      "warning authorizationpolicy.selects_no_proxy spec.selector.matchLabels: the workload with app=cart in the mesh has no proxy, and no ztunnel captures it",
    ])
  })
  test("nothing by labels, but names its target, is not asked for pods", () => {
    const text = policy(
      "{ targetRefs: [{ kind: Service, group: '', name: cart }], action: DENY, rules: [{}] }",
      "guard",
      "empty",
    )
    expect(told(yaml(shop, text))).toEqual([])
  })
})

describe("a rule covers another", () => {
  test.each([
    [{}, { to: [{ operation: { methods: ["GET"] } }] }, true],
    [{ to: [{ operation: { methods: ["GET"] } }] }, {}, false],
    [
      { to: [{ operation: { paths: ["/a*"] } }] },
      { to: [{ operation: { paths: ["/ab", "/a/*"], methods: ["GET"] } }] },
      true,
    ],
    [
      { to: [{ operation: { paths: ["/a*"], methods: ["GET"] } }] },
      { to: [{ operation: { paths: ["/ab"] } }] },
      false,
    ],
    [
      { from: [{ source: { notNamespaces: ["a"] } }] },
      { from: [{ source: { notNamespaces: ["a", "b"] } }] },
      true,
    ],
    [
      { from: [{ source: { notNamespaces: ["a", "b"] } }] },
      { from: [{ source: { notNamespaces: ["a"] } }] },
      false,
    ],
    [
      { when: [{ key: "source.ip", values: ["10.0.0.1"] }] },
      { when: [{ key: "source.ip", values: ["10.0.0.1"] }], to: [{ operation: { ports: ["80"] } }] },
      true,
    ],
    [{ when: [{ key: "source.ip", values: ["10.0.0.1"] }] }, {}, false],
    [{ to: [{ operation: { paths: ["/a/{*}"] } }] }, { to: [{ operation: { paths: ["/a/b"] } }] }, false],
  ])("%j and %j: %j", (wide, narrow, wanted) => expect(ruleCovers(wide, narrow)).toBe(wanted))
})
