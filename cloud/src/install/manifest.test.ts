import { describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { readPolicy } from "#shared/act/read-policy.ts"
import { kindOf, watchedKinds } from "#shared/kube/kinds.ts"
import { type ManifestInput, manifest } from "./manifest.ts"
import type { Rule } from "./rules.ts"

const input: ManifestInput = {
  server: "https://mesh.example",
  token: `smj_${"-".repeat(43)}`,
  name: "prod",
  image: "registry.example/agent:1",
  write: [],
  act: { mode: "off", users: [], groups: [] },
  policyFor: [{ member: "ana@example.com" }],
}
const mapped: ManifestInput["act"] = { mode: "mapped", users: ["ana"], groups: ["mesh-editors", "sre"] }
const anonymous: ManifestInput["act"] = { mode: "anonymous", users: [], groups: [] }

type Document = {
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  rules?: Rule[]
  spec?: Record<string, unknown>
  data?: Record<string, string>
  stringData?: Record<string, string>
}

const documentsOf = (given: Partial<ManifestInput> = {}): Document[] =>
  parseAllDocuments(manifest({ ...input, ...given })).map((document) => document.toJS() as Document)
const rulesOf = (documents: readonly Document[]): Rule[] => documents.flatMap(({ rules }) => rules ?? [])

describe("the install manifest", () => {
  test("lets the agent read exactly the kinds that the mesh view watches", () => {
    const role = documentsOf().find(({ kind }) => kind === "ClusterRole")
    const whole = role?.rules?.filter((rule) => !("resourceNames" in rule))
    const readable = whole?.flatMap(({ apiGroups, resources, verbs }) => {
      expect(verbs).toEqual(["get", "list", "watch"])
      return apiGroups.flatMap((group) => resources.map((resource) => `${resource}.${group}`))
    })
    expect(readable?.sort()).toEqual(watchedKinds.map(({ plural, group }) => `${plural}.${group}`).sort())
  })

  test("lets the agent get the mesh's settings by name, and no other ConfigMap", () => {
    const role = documentsOf().find(({ kind }) => kind === "ClusterRole")
    expect(role?.rules?.filter((rule) => "resourceNames" in rule)).toEqual([
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["istio"], verbs: ["get"] },
    ])
  })

  test.each(
    ([[], ["traffic"], ["security"], ["traffic", "security"]] as ManifestInput["write"][]).flatMap((write) =>
      [input.act, mapped, anonymous].map((act) => ({ write, act })),
    ),
  )("never gives what could become a way into the cluster ($act.mode, write $write)", ({ write, act }) => {
    const rules = rulesOf(documentsOf({ write, act }))
    for (const rule of rules) {
      expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.toContain("*")
      expect(rule.resources.filter((resource) => resource.includes("/"))).toEqual([])
      if (rule.verbs.includes("impersonate")) {
        expect(act.mode).toBe("mapped")
        expect(rule.verbs).toEqual(["impersonate"])
        expect([["users"], ["groups"]]).toContainEqual(rule.resources)
        expect(rule.resourceNames?.length).toBeGreaterThan(0)
        expect(rule.resourceNames?.join()).not.toMatch(/system:/)
      }
      if (rule.resources.includes("configmaps"))
        expect(["istio", "smm-agent-policy", "smm-agent-journal"]).toEqual(
          expect.arrayContaining(rule.resourceNames ?? ["*"]),
        )
      if (rule.resources.includes("secrets")) expect(rule.resourceNames).toEqual(["smm-agent-identity"])
      if (rule.verbs.includes("delete"))
        expect(rule.apiGroups.every((group) => /\.(istio|k8s)\.io$/.test(group))).toBe(true)
      expect(rule.apiGroups).not.toContain("rbac.authorization.k8s.io")
    }
  })

  test("gives each write family a role of its own, over its own kinds", () => {
    const written = (write: ManifestInput["write"]) =>
      rulesOf(documentsOf({ write }))
        .filter(({ verbs }) => verbs.includes("delete"))
        .flatMap(({ apiGroups, resources }) =>
          apiGroups.flatMap((group) => resources.map((name) => `${name}.${group}`)),
        )
    expect(written([])).toEqual([])
    expect(written(["security"]).sort()).toEqual([
      "authorizationpolicies.security.istio.io",
      "peerauthentications.security.istio.io",
      "requestauthentications.security.istio.io",
    ])
    expect(written(["traffic"])).toContain("virtualservices.networking.istio.io")
    expect(written(["traffic"])).toContain("gateways.gateway.networking.k8s.io")
    expect(written(["traffic"]).join()).not.toMatch(/envoyfilters|wasmplugins|gatewayclasses|security/)
    expect(kindOf("Secret")).toBeUndefined()
  })

  test("runs the agent as nobody, on a read-only root, without a sidecar, within limits", () => {
    const deployment = documentsOf().find(({ kind }) => kind === "Deployment")
    expect(deployment?.spec).toMatchObject({
      template: {
        metadata: { labels: { "sidecar.istio.io/inject": "false", "istio.io/dataplane-mode": "none" } },
        spec: {
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              image: input.image,
              args: ["--server", input.server, "--token-file", "/var/run/smm/join/token", "--name", "prod"],
              resources: { limits: { memory: "256Mi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
        },
      },
    })
  })

  test("carries the token in its Secret only, and leaves the agent's own Secret without data", () => {
    const documents = documentsOf()
    const carriers = documents.filter((document) => JSON.stringify(document).includes(input.token))
    expect(carriers).toHaveLength(1)
    expect(carriers[0]).toMatchObject({ kind: "Secret", stringData: { token: input.token } })
    const identity = documents.find(({ metadata }) => metadata.name === "smm-agent-identity")
    expect(identity?.data ?? identity?.stringData).toBeUndefined()
  })

  test("lets the agent reach DNS, the API server, the server's own port and the proxies, nothing else", () => {
    const policy = documentsOf({ server: "https://mesh.example:8444" }).find(
      ({ kind }) => kind === "NetworkPolicy",
    )
    const egress = policy?.spec?.["egress"] as { ports: { port: number }[] }[]
    expect(egress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([
      [53, 53],
      [443, 6443, 8443, 16443, 8444],
      [80, 9090, 15020, 15090],
    ])
  })

  test("is YAML whatever is in a name", () => {
    const documents = documentsOf({ image: 'registry/agent: "x" # &a *b', server: "http://127.0.0.1:7780" })
    expect(JSON.stringify(documents)).toContain("registry/agent")
    expect(documents).toHaveLength(13)
  })

  test("lets the agent get the owner's policy, not write it, and write the journal that is made for it", () => {
    const role = documentsOf().find(({ kind }) => kind === "Role")
    const verbs = (name: string) => role?.rules?.filter((rule) => rule.resourceNames?.includes(name))
    expect(verbs("smm-agent-policy")?.map((rule) => rule.verbs)).toEqual([["get"]])
    expect(verbs("smm-agent-journal")?.map((rule) => rule.verbs)).toEqual([["get", "update", "patch"]])
    const journal = documentsOf().find(({ metadata }) => metadata.name === "smm-agent-journal")
    expect(journal).toMatchObject({ kind: "ConfigMap", metadata: { namespace: "smm-system" } })
    expect(journal?.data).toBeUndefined()
  })
})

describe("writing, as the manifest sets it up", () => {
  const policyIn = (documents: readonly Document[]) =>
    documents.find(({ metadata }) => metadata.name === "smm-agent-policy")?.data?.["policy.yaml"]

  test("as mapped users gives the agent's own account nothing but those users and groups", () => {
    const rules = rulesOf(documentsOf({ act: mapped, write: ["traffic"] }))
    expect(rules.filter(({ verbs }) => verbs.includes("delete"))).toEqual([])
    expect(rules.filter(({ verbs }) => verbs.includes("impersonate"))).toEqual([
      { apiGroups: [""], resources: ["users"], resourceNames: ["ana"], verbs: ["impersonate"] },
      {
        apiGroups: [""],
        resources: ["groups"],
        resourceNames: ["mesh-editors", "sre"],
        verbs: ["impersonate"],
      },
    ])
  })

  test("as mapped users starts with the one who adds the cluster, and the kinds of the families", () => {
    const { policy, problems } = readPolicy(policyIn(documentsOf({ act: mapped, write: ["security"] })) ?? "")
    expect(problems).toEqual([])
    expect(policy).toEqual({
      mode: "mapped",
      identities: [
        { who: { member: "ana@example.com" }, as: { user: "ana", groups: ["mesh-editors", "sre"] } },
      ],
      allow: [
        {
          kinds: expect.arrayContaining(["PeerAuthentication.security.istio.io"]) as string[],
          verbs: ["create", "patch", "delete"],
          namespaces: ["*"],
        },
      ],
    })
    expect(policy.allow[0]?.kinds).toHaveLength(3)
  })

  test("for trying out says so where its owner reads it, and gives the agent's account the families' roles", () => {
    const documents = documentsOf({ act: anonymous, write: ["traffic"] })
    expect(policyIn(documents)).toMatch(/# mode anonymous is for trying out: every member writes/)
    expect(readPolicy(policyIn(documents) ?? "").policy).toMatchObject({ mode: "anonymous", identities: [] })
    expect(rulesOf(documents).some(({ verbs }) => verbs.includes("delete"))).toBe(true)
  })

  test("brings no policy when nobody writes, or when the cluster has its own by now", () => {
    expect(policyIn(documentsOf())).toBeUndefined()
    expect(policyIn(documentsOf({ act: mapped, write: ["traffic"], policyFor: [] }))).toBeUndefined()
  })
})
