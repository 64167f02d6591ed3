import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { hashOf } from "#cloud/cloud.ts"
import { key } from "#cloud/store/key.ts"
import { type TestApi, startTestApi } from "./api.ts"

let api: TestApi
const day = 24 * 60 * 60_000

beforeAll(async () => {
  api = await startTestApi()
})
afterAll(async () => {
  await api.close()
})

const owner = () => api.client(api.tenant.tokens.owner)
const tokenNamed = async (name: string) =>
  (await owner().call("listTokens")).items.find((token) => token.name === name)

describe("an API token", () => {
  test("is shown once and stored as a hash", async () => {
    const made = await owner().call("createToken", { body: { name: "once", role: "operator" } })
    expect(made.secret).toMatch(/^smm_[\w-]{43}$/)
    const listed = await tokenNamed("once")
    expect(listed).not.toHaveProperty("secret")
    expect(listed).toMatchObject({ role: "operator", createdBy: "token owner", lastUsedAt: null })
    const everything = [
      await api.cloud.table.all(api.tenant.organizationId, {}),
      await api.cloud.table.all(key.secret(hashOf(made.secret)).pk, {}),
    ]
    expect(JSON.stringify(everything)).not.toContain(made.secret.slice(4))
    expect(everything[1]).toHaveLength(1)
  })

  test("says who it is", async () => {
    const { secret } = await owner().call("createToken", { body: { name: "me", role: "viewer" } })
    expect(await api.client(secret).call("getSession")).toMatchObject({
      user: null,
      token: { name: "me" },
      role: "viewer",
      organization: { organizationId: api.tenant.organizationId },
      clusters: null,
    })
  })

  test("notes its use at most once a minute", async () => {
    const { secret } = await owner().call("createToken", { body: { name: "used", role: "viewer" } })
    const used = async (ms: number) => {
      api.clock.advance(ms)
      await api.client(secret).call("getSession")
      return (await tokenNamed("used"))?.lastUsedAt
    }
    const first = await used(1000)
    expect(first).toBe(api.clock.at)
    expect(await used(30_000)).toBe(first)
    expect(await used(31_000)).toBe(api.clock.at)
  })

  test("stops at its expiry", async () => {
    const body = { name: "short", role: "viewer" as const, expiresInDays: 1 }
    const { secret, expiresAt } = await owner().call("createToken", { body })
    expect(expiresAt).toBe(api.clock.at + day)
    api.clock.advance(day - 1)
    await api.client(secret).call("getSession")
    api.clock.advance(1)
    await expect(api.client(secret).call("getSession")).rejects.toMatchObject({ code: "auth.expired" })
  })

  test("stops when it is removed, at once", async () => {
    const made = await owner().call("createToken", { body: { name: "gone", role: "viewer" } })
    await owner().call("removeToken", { params: { token: made.tokenId } })
    await expect(api.client(made.secret).call("getSession")).rejects.toMatchObject({ code: "auth.required" })
    expect(await tokenNamed("gone")).toBeUndefined()
  })

  test("without an expiry stays", async () => {
    const body = { name: "for ever", role: "viewer" as const, expiresInDays: null }
    const { secret, expiresAt } = await owner().call("createToken", { body })
    expect(expiresAt).toBeNull()
    api.clock.advance(1000 * day)
    expect((await api.client(secret).call("getSession")).expiresAt).toBeNull()
  })
})
