import { afterAll, beforeAll, expect, test } from "vitest"
import { createApp } from "../app.ts"
import { newSecret } from "../cloud.ts"
import { Clusters } from "../store/cluster.ts"
import { Secret } from "../store/secret.ts"
import { type TestCloud, startTestCloud } from "#test/cloud/harness.ts"

let own: TestCloud
let count = 0
beforeAll(async () => {
  own = await startTestCloud()
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
