import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { readPolicy } from "#shared/act/read-policy.ts"
import { createApp } from "../app.ts"
import { newSecret } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import { Secret } from "../store/secret.ts"
import { type TestApi, startTestApi } from "#test/cloud/api.ts"

let own: TestApi
let count = 0
beforeAll(async () => {
  own = await startTestApi()
})
afterAll(() => own.close())

async function token(name: string): Promise<{ token: string; clusterId: string }> {
  const { organizationId } = own.tenant
  const { clusterId } = await Clusters.create(own.cloud, organizationId, {
    name,
    write: ["traffic"],
    createdBy: "test",
  })
  const made = newSecret("smj_")
  const grant = { type: "join", organizationId, clusterId } as const
  const tokenHash = await Secret.create(own.cloud, made, grant, own.clock.at + 900_000)
  await Clusters.change(own.cloud, organizationId, clusterId, { tokenHash })
  return { token: made, clusterId }
}

const install = (authorization: string | null, query = "") =>
  createApp(own.cloud).request(
    `/install${query}`,
    authorization === null ? {} : { headers: { authorization } },
  )

test("the manifest follows what was chosen, or what the address says, and its moment is noted once", async () => {
  const { token: made, clusterId } = await token("prod")
  const text = await (await install(`Bearer ${made}`)).text()
  expect(text).toContain("smm-agent-write-traffic")
  expect(await (await install(`Bearer ${made}`, "?write=security")).text()).not.toContain("write-traffic")
  expect(await (await install(`Bearer ${made}`, "?write=")).text()).not.toContain("smm-agent-write")
  const twice = await (await install(`Bearer ${made}`, "?write=security,security")).text()
  expect(twice).toBe(await (await install(`Bearer ${made}`, "?write=security")).text())
  const { manifestFetchedAt } = await Clusters.read(own.cloud, own.tenant.organizationId, clusterId)
  expect(manifestFetchedAt).toBe(own.clock.at)
  const { items } = await Clusters.events(own.cloud, own.tenant.organizationId, clusterId, { limit: 10 })
  expect(items.filter(({ kind }) => kind === "manifest")).toHaveLength(1)
})

describe("the policy that a manifest carries", () => {
  const act = { mode: "mapped", users: ["ana"], groups: ["sre"] } as const
  const body = {
    write: ["traffic" as const],
    act: { ...act, users: [...act.users], groups: [...act.groups] },
  }
  const policyIn = (text: string) =>
    parseAllDocuments(text)
      .map((document) => document.toJS() as { metadata: { name: string }; data?: Record<string, string> })
      .find(({ metadata }) => metadata.name === "smm-agent-policy")?.data?.["policy.yaml"]

  test("is there until the cluster has joined, for whoever added it, and after that only when asked for", async () => {
    const client = own.client(own.tenant.tokens.admin)
    const made = await client.call("createCluster", { body: { name: "acting", ...body } })
    const params = { cluster: made.cluster.clusterId }
    const manifestOf = async (of: string) => (await install(`Bearer ${of}`)).text()
    const first = await manifestOf(made.token)
    expect(readPolicy(policyIn(first) ?? "").policy.identities).toEqual([
      { who: { token: "admin" }, as: { user: "ana", groups: ["sre"] } },
      { who: { member: "acme@example.com" }, as: { user: "ana", groups: ["sre"] } },
    ])
    expect(first).toContain("smm-agent-impersonate")
    const renewed = await client.call("createJoinToken", { params, body: {} })
    expect(policyIn(await manifestOf(renewed.token))).toBeDefined()

    await Clusters.change(own.cloud, own.tenant.organizationId, params.cluster, {
      clusterUid: "joined",
      revokedAt: own.clock.at,
    })
    const again = await client.call("createJoinToken", { params, body: {} })
    expect(policyIn(await manifestOf(again.token))).toBeUndefined()
    expect(await manifestOf(again.token)).toContain("smm-agent-impersonate")
    const asked = await client.call("createJoinToken", { params, body })
    expect(policyIn(await manifestOf(asked.token))).toBeDefined()
  })

  test.each([
    [
      "system:masters as a group",
      { ...act, groups: ["system:masters"] },
      /"system:masters" is Kubernetes' own/,
    ],
    ["system:admin as a user", { ...act, users: ["system:admin"] }, /"system:admin" is Kubernetes' own/],
    ["a name with a line break", { ...act, users: ["ana\nroot"] }, /control characters/],
    ["nobody to be", { ...act, users: [] }, /wants at least one user/],
    ["users in try-out mode", { ...act, mode: "anonymous" }, /impersonated in mode mapped only/],
    ["a mode that is none", { ...act, mode: "on" }, /mode/],
  ])("cannot name %s", async (_, wrong, words) => {
    const response = await createApp(own.cloud).request("/api/v1/clusters", {
      method: "POST",
      headers: {
        authorization: `Bearer ${own.tenant.tokens.admin}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ name: "refused", write: ["traffic"], act: wrong }),
    })
    const problem = await response.text()
    expect([response.status, JSON.parse(problem)]).toEqual([
      400,
      expect.objectContaining({ code: "input.invalid" }),
    ])
    expect(problem.replaceAll('\\"', '"')).toMatch(words)
  })

  test("cannot be about nothing", async () => {
    const client = own.client(own.tenant.tokens.admin)
    const { cluster } = await client.call("createCluster", { body: { name: "nothing-yet" } })
    await expect(
      client.call("createJoinToken", { params: { cluster: cluster.clusterId }, body: { act: body.act } }),
    ).rejects.toMatchObject({ code: "input.invalid" })
    await expect(
      client.call("createCluster", { body: { name: "nothing", act: body.act } }),
    ).rejects.toMatchObject({ code: "input.invalid" })
  })
})

test.each([
  ["no token", null, "", 401, /Bearer <join token>/],
  ["another scheme", "Basic abc", "", 401, /Bearer <join token>/],
  ["an API token", "Bearer API", "", 401, /no join token/],
  ["a token that nobody made", `Bearer smj_${"x".repeat(43)}`, "", 401, /not known/],
  ["a token with a quote", `Bearer smj_${"x".repeat(42)}"`, "", 401, /no join token/],
  ["a family that is none", "Bearer OWN", "?write=everything", 400, /wants traffic, security/],
])("with %s a shell reads one line and curl -f fails", async (_, header, query, status, words) => {
  const { token: made } = await token(`c${count++}`)
  const authorization = header?.replace("API", own.tenant.tokens.owner).replace("OWN", made) ?? null
  const answer = await install(authorization, query)
  expect(answer.status).toBe(status)
  expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8")
  expect(answer.headers.get("cache-control")).toBe("no-store")
  const text = await answer.text()
  expect(text).toMatch(words)
  expect(text).toMatch(/^smm: [^\n]+\n$/)
  expect(text).not.toContain(made)
})

test("an expired token says so", async () => {
  const { token: made } = await token("late")
  own.clock.advance(900_000)
  const answer = await install(`Bearer ${made}`)
  expect(answer.status).toBe(401)
  expect(await answer.text()).toContain("expired")
})

test("who guesses tokens is slowed down, before they are looked up", async () => {
  const app = createApp(own.cloud)
  const guess = () => app.request("/install", { headers: { authorization: `Bearer smj_${"g".repeat(43)}` } })
  for (let i = 0; i < 60; i++) expect((await guess()).status).toBe(401)
  const refused = await guess()
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"])
  expect(await refused.text()).toMatch(/^smm: [^\n]+\n$/)
  own.clock.advance(1_000)
  expect((await guess()).status).toBe(401)
})
