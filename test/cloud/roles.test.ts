import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { OperationName } from "#shared/api/operations.ts"
import { type Role, hasRole } from "#shared/api/session.ts"
import { Organizations } from "#cloud/store/organization.ts"
import { type Sent, type TestApi, names, operationOf, problemOf, startTestApi } from "./api.ts"

let api: TestApi

beforeAll(async () => {
  api = await startTestApi()
})
afterAll(async () => {
  await api.close()
})

const roles: readonly Role[] = ["owner", "admin", "operator", "viewer"]
const nobody = "01J9Z3QK5V8E2M7C4T6B1N0PXA"

/** Ids of nothing, so that a call that is let in ends at 404 or 400 and changes nothing. */
const harmless: Sent = {
  params: {
    cluster: `cls_${nobody}`,
    user: `usr_${nobody}`,
    token: `tok_${nobody}`,
    kind: "Nothing",
    namespace: "n",
    name: "n",
  },
  query: { id: "overall", namespace: "n" },
}
const guarded = names.filter((name) => operationOf(name).role !== null)

describe("a token of each role", () => {
  const cases = guarded.flatMap((name) => roles.map((role): [OperationName, Role] => [name, role]))

  test.each(cases)("%s as %s is let in or refused as the table of operations says", async (name, role) => {
    api.clock.advance(1000)
    const { role: wanted, people, body } = operationOf(name)
    const sent = body ? { ...harmless, body: "not a body" } : harmless
    const response = await api.send(name, api.tenant.tokens[role], sent)
    const allowed = hasRole(role, wanted ?? "viewer") && !people
    if (allowed) return expect([name, response.status]).not.toEqual([name, 403])
    expect(await problemOf(response)).toMatchObject({ status: 403, code: "auth.denied" })
  })
})

describe("nobody at all", () => {
  test.each(guarded)("%s answers 401 without a credential and with a wrong one", async (name) => {
    api.clock.advance(60_000)
    const none = await api.send(name, null, harmless)
    expect([none.status, none.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
    const wrong = await api.send(name, `smm_${"x".repeat(43)}`, harmless)
    expect(await problemOf(wrong)).toMatchObject({ status: 401, code: "auth.required" })
  })
})

describe("a member", () => {
  const member = async (role: Role) => {
    const input = { email: `${crypto.randomUUID()}@example.com`, name: role, role }
    return Organizations.addMember(api.cloud, api.tenant.organizationId, input)
  }
  const admin = () => api.client(api.tenant.tokens.admin)
  const denied = expect.objectContaining({ code: "auth.denied" }) as unknown

  test("who is admin makes nobody owner, and neither demotes nor removes an owner", async () => {
    const { userId } = await member("owner")
    const viewer = await member("viewer")
    const params = { user: userId }
    await expect(admin().call("updateMember", { params, body: { role: "viewer" } })).rejects.toEqual(denied)
    await expect(admin().call("removeMember", { params })).rejects.toEqual(denied)
    const promotion = { params: { user: viewer.userId }, body: { role: "owner" as const } }
    await expect(admin().call("updateMember", promotion)).rejects.toEqual(denied)
    const body = { email: "boss@example.com", name: "Boss", role: "owner" as const }
    await expect(admin().call("createMember", { body })).rejects.toEqual(denied)
    const token = { name: "boss", role: "owner" as const }
    await expect(admin().call("createToken", { body: token })).rejects.toEqual(denied)
  })

  test("who is the last owner stays owner", async () => {
    const owner = api.client(api.other.tokens.owner)
    const params = { user: api.other.user.userId }
    const last = expect.objectContaining({ code: "member.last_owner" }) as unknown
    await expect(owner.call("removeMember", { params })).rejects.toEqual(last)
    await expect(owner.call("updateMember", { params, body: { role: "admin" } })).rejects.toEqual(last)
  })

  test("who is there already is not added twice", async () => {
    const { email } = await member("viewer")
    const again = admin().call("createMember", {
      body: { email: email.toUpperCase(), name: "x", role: "viewer" },
    })
    await expect(again).rejects.toMatchObject({ code: "member.exists" })
  })

  test("who was removed is out at the next call", async () => {
    await Organizations.addMember(api.cloud, api.tenant.organizationId, {
      email: api.other.user.email,
      name: "Globex",
      role: "viewer",
    })
    const headers = { "smm-org": api.tenant.organizationId }
    expect((await api.browse("getSession", api.other, { headers })).status).toBe(200)
    await admin().call("removeMember", { params: { user: api.other.user.userId } })
    expect((await api.browse("getSession", api.other, { headers })).status).toBe(404)
  })
})
