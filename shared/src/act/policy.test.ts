import { describe, expect, test } from "vitest"
import type { Caller } from "../protocol/command.ts"
import { allowedBy, identityOf } from "./identity.ts"
import type { Policy } from "./policy.ts"
import { readPolicy } from "./read-policy.ts"

const vs = "VirtualService.networking.istio.io"
const written = `
mode: mapped
identities:
  - who: { member: Ana@Example.com }
    as: { user: ana, groups: [mesh-editors, sre] }
  - who: { token: ci }
    as: { user: robot }
  - who: { member: bob@example.com }
    as: null
  - who: { role: operator }
    as: { user: mesh-operator }
allow:
  - kinds: [${vs}]
    namespaces: [bookinfo]
  - kinds: [GatewayClass.gateway.networking.k8s.io]
    verbs: [patch]
`
const caller = (given: Partial<Caller>): Caller => ({
  kind: "user",
  id: "usr_1",
  name: "zoe@example.com",
  role: "viewer",
  ...given,
})

describe("a policy that is in order", () => {
  const { policy, problems, reason } = readPolicy(written)

  test("is read without a word", () => {
    expect({ problems, reason, mode: policy.mode }).toEqual({ problems: [], reason: "", mode: "mapped" })
  })

  test.each<[string, Partial<Caller>, ReturnType<typeof identityOf>]>([
    [
      "a member, however the address is written",
      { name: "ANA@example.COM" },
      { user: "ana", groups: ["mesh-editors", "sre"] },
    ],
    [
      "a member before the role",
      { name: "ana@example.com", role: "operator" },
      { user: "ana", groups: ["mesh-editors", "sre"] },
    ],
    ["a token by its name", { kind: "token", name: "ci" }, { user: "robot", groups: [] }],
    ["a role", { role: "operator" }, { user: "mesh-operator", groups: [] }],
    [
      "nobody for a line that says so, though a later one fits",
      { name: "bob@example.com", role: "operator" },
      null,
    ],
    ["nobody for a token of another case", { kind: "token", name: "CI" }, null],
    ["nobody for a token with the name of a member", { kind: "token", name: "ana@example.com" }, null],
    ["nobody for a user with the name of a token", { name: "ci" }, null],
    ["nobody for a letter that only looks the same", { name: "ana@exampl\u0435.com" }, null],
    ["nobody who is not named", {}, null],
  ])("finds %s", (_, given, expected) => {
    expect(identityOf(policy, caller(given))).toEqual(expected)
  })

  test.each<[string, Parameters<typeof allowedBy>[1], string, string, string | null]>([
    ["what is listed", "delete", vs, "bookinfo", null],
    [
      "not in another namespace",
      "patch",
      vs,
      "shop",
      `- { kinds: [${vs}], verbs: [patch], namespaces: ["shop"] }`,
    ],
    [
      "not another kind",
      "patch",
      "Gateway.networking.istio.io",
      "bookinfo",
      "does not allow patch of Gateway.networking.istio.io",
    ],
    ["a kind of the cluster by *", "patch", "GatewayClass.gateway.networking.k8s.io", "", null],
    ["not another verb", "delete", "GatewayClass.gateway.networking.k8s.io", "", "does not allow delete"],
    [
      "never a kind that is none of the mesh",
      "create",
      "ClusterRoleBinding.rbac.authorization.k8s.io",
      "",
      "does not allow create",
    ],
  ])("allows %s", (_, verb, kind, namespace, words) => {
    const refusal = allowedBy(policy, verb, { kind, namespace, name: "x" })
    if (words === null) expect(refusal).toBeNull()
    else expect(refusal).toContain(words)
  })

  test("wants * for kinds of the cluster, an empty name is no namespace", () => {
    const of: Policy = { ...policy, allow: [{ kinds: [vs], verbs: ["patch"], namespaces: [""] }] }
    expect(allowedBy(of, "patch", { kind: vs, namespace: "", name: "x" })).not.toBeNull()
  })
})

describe("a line that cannot be followed", () => {
  test.each<[string, string, RegExp]>([
    [
      "the group system:masters",
      `{ user: eve, groups: ["system:masters"] }`,
      /identities\[0\].*"system:masters" is Kubernetes' own.*name a user or group of yours/,
    ],
    [
      "a service account as user",
      `{ user: "system:serviceaccount:kube-system:default" }`,
      /"system:serviceaccount:kube-system:default" is Kubernetes' own/,
    ],
    ["no user", `{ groups: [a] }`, /as\.user: nothing/],
    ["a field too many", `{ user: eve, uid: 0 }`, /uid/],
  ])("with %s is told of, and bars whom it names from a later line", (_, as, words) => {
    const { policy, problems } = readPolicy(`
mode: mapped
identities:
  - { who: { member: eve@example.com }, as: ${as} }
  - { who: { role: admin }, as: { user: admin } }
allow: [{ kinds: [${vs}] }]
`)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(words)
    expect(identityOf(policy, caller({ name: "eve@example.com", role: "admin" }))).toBeNull()
    expect(identityOf(policy, caller({ name: "zoe@example.com", role: "admin" }))?.user).toBe("admin")
  })

  test("names whom it is for in a way nobody knows", () => {
    const { policy, problems } = readPolicy(
      `{ mode: mapped, identities: [{ who: { membr: x }, as: { user: x } }], allow: [{ kinds: [${vs}] }] }`,
    )
    expect(policy.identities).toEqual([])
    expect(problems[0]).toMatch(
      /^identities\[0\] is left out, it counts for nobody: who: \{"membr":"x"\}: wants one of \{ member/,
    )
    expect(problems[1]).toMatch(/names nobody who may write/)
  })

  test.each<[string, string, RegExp]>([
    [
      "a kind without its group",
      "kinds: [VirtualService]",
      /"VirtualService": write VirtualService\.networking\.istio\.io$/,
    ],
    [
      "a kind that is there twice",
      "kinds: [gateways]",
      /write Gateway\.networking\.istio\.io or Gateway\.gateway\.networking\.k8s\.io/,
    ],
    ["a kind of Kubernetes", "kinds: [Secret]", /"Secret": wants a kind of Istio/],
    ["a verb that is none", `kinds: [${vs}], verbs: [write]`, /verbs\.0: "write"/],
    ["all kinds", 'kinds: ["*"]', /"\*": wants a kind of Istio/],
  ])("of the allow-list with %s allows nothing", (_, line, words) => {
    const { policy, problems } = readPolicy(`{ mode: anonymous, allow: [{ ${line} }, { kinds: [${vs}] }] }`)
    expect(policy.allow.map(({ kinds }) => kinds)).toEqual([[vs]])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(words)
  })
})

describe("a document that cannot be followed", () => {
  test.each<[string, string, RegExp]>([
    ["nothing", "", /is empty/],
    ["no YAML", "mode: [", /is not YAML/],
    ["a key twice", "mode: off\nmode: anonymous", /is not YAML: Map keys must be unique/],
    ["a list", "- mode: mapped", /wants fields/],
    ["a mode that is none", "mode: on", /has mode "on"; write off, mapped or anonymous/],
    ["no mode", "allow: []", /has mode nothing/],
    [
      "a field that nobody knows, which may have meant to forbid",
      "mode: mapped\nidentityProvidr: {}",
      /"identityProvidr", which nobody knows/,
    ],
    [
      "an identity provider without audience",
      'mode: mapped\nidentityProvider: { issuer: "https://idp.example" }',
      /identityProvider that cannot be used: audience/,
    ],
    [
      "an identity provider in try-out mode",
      "mode: anonymous\nidentityProvider: {}",
      /contradict each other/,
    ],
    [
      "a bomb of aliases",
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nmode: *c`,
      /is not YAML/,
    ],
    ["two documents", "mode: off\n---\nmode: anonymous", /is not YAML/],
  ])("with %s switches writing off and says why", (_, text, words) => {
    const { policy, reason } = readPolicy(text)
    expect(policy).toEqual({ mode: "off", identities: [], allow: [] })
    expect(reason).toMatch(words)
  })

  test("with more lines than count takes the first, and says so", () => {
    const line = `- { kinds: [${vs}] }\n`
    const { policy, problems } = readPolicy(`mode: anonymous\nallow:\n${line.repeat(101)}`)
    expect(policy.allow).toHaveLength(100)
    expect(problems).toEqual([expect.stringMatching(/^allow: has 101 lines, of which the first 100 count/)])
  })

  test("that is switched off says by whom", () => {
    expect(readPolicy("mode: off").reason).toMatch(/the cluster's owner switched it off/)
  })
})
