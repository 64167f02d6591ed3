import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { IdentityProvider } from "#shared/act/policy.ts"
import type { Caller } from "#shared/protocol/command.ts"
import { createTestClock } from "../../test/clock.ts"
import { type Alg, startIdentityProvider, type TestIdentityProvider } from "../../test/identity-provider.ts"
import { createAssertionCheck } from "./assertion.ts"
import { fetchJson } from "./fetch-json.ts"
import type { Admission } from "./gate.ts"

const ana: Caller = { kind: "user", id: "usr_1", name: "Ana@example.com", role: "operator" }
const signal = new AbortController().signal
const digest = "the-digest-of-this-change"

let idp: TestIdentityProvider
beforeAll(async () => {
  idp = await startIdentityProvider([
    { email: "ana@example.com", email_verified: true, groups: ["editors", "sre"] },
    { email: "bob@example.com", groups: ["editors"] },
    { email: "ma@example.com", groups: ["system:masters"] },
    { email: "no@example.com", email_verified: false, groups: [] },
    { email: "ci", groups: "robots" },
    { email: "odd@example.com", groups: [7] },
  ])
})
afterAll(() => idp.close())

const provider = (
  given: Partial<Parameters<typeof IdentityProvider.parse>[0] & object> = {},
): IdentityProvider => IdentityProvider.parse({ issuer: idp.issuer, audience: idp.audience, ...given })

function newCheck(ahead = 0, fetched = fetchJson) {
  const clock = createTestClock(Date.now() + ahead)
  const check = createAssertionCheck({ clock, signal, fetchJson: fetched })
  return {
    clock,
    ask: (policy: IdentityProvider, assertion: string | null, caller = ana) =>
      check.check(policy, { caller, assertion, digest }),
  }
}
const words = (admission: Admission): string => {
  if ("as" in admission) return `admitted as ${JSON.stringify(admission.as)}`
  expect(admission.failure.code).toBe("assertion")
  return admission.failure.message
}

describe("an assertion of the pinned identity provider (a real oidc-provider)", () => {
  test.each<Alg>(["RS256", "PS256", "ES256", "EdDSA"])("signed with %s says who asks", async (alg) => {
    const audience = alg === "RS256" ? "smm" : `smm-${alg}`
    const { ask } = newCheck()
    const answer = await ask(provider({ audience }), await idp.signIn("ana@example.com", { alg }))
    expect(answer).toEqual({ as: { user: "ana@example.com", groups: ["editors", "sre"] } })
  })

  test("makes the identity with the prefixes of the cluster, of the groups that the owner lists", async () => {
    const { ask } = newCheck()
    const policy = provider({ userPrefix: "oidc:", groupsPrefix: "oidc:", groups: ["oidc:editors"] })
    expect(await ask(policy, await idp.signIn("ana@example.com"))).toEqual({
      as: { user: "oidc:ana@example.com", groups: ["oidc:editors"] },
    })
  })

  test("may name the user by another claim, and its address still is the member's", async () => {
    const { ask } = newCheck()
    expect(await ask(provider({ userClaim: "sub" }), await idp.signIn("ana@example.com"))).toMatchObject({
      as: { user: "ana@example.com" },
    })
  })

  test("of a token's own name is good for the token", async () => {
    const { ask } = newCheck()
    const token: Caller = { kind: "token", id: "tok_1", name: "ci", role: "operator" }
    expect(await ask(provider(), await idp.signIn("ci"), token)).toEqual({
      as: { user: "ci", groups: ["robots"] },
    })
    expect(words(await ask(provider(), await idp.signIn("ana@example.com"), token))).toMatch(
      /is of "ana@example.com", and the command of the token "ci"/,
    )
  })

  test.each<[string, string, RegExp]>([
    [
      "of Bob, while the cloud says Ana",
      "bob@example.com",
      /is of "bob@example.com", and the command of "Ana@example.com"/,
    ],
    ["with an address that nobody verified", "no@example.com", /was not verified/],
    ["with groups that are no text", "odd@example.com", /"groups" that is no list of text/],
  ])("%s is refused", async (_, address, expected) => {
    const { ask } = newCheck()
    const caller = address.startsWith("bob") ? ana : { ...ana, name: address }
    expect(words(await ask(provider(), await idp.signIn(address), caller))).toMatch(expected)
  })

  test("with the group system:masters is refused, unless the owner's prefix or list makes something else of it", async () => {
    const { ask } = newCheck()
    const assertion = await idp.signIn("ma@example.com")
    const caller = { ...ana, name: "ma@example.com" }
    expect(words(await ask(provider(), assertion, caller))).toMatch(/"system:masters" is Kubernetes' own/)
    expect(await ask(provider({ groups: ["editors"] }), assertion, caller)).toMatchObject({
      as: { groups: [] },
    })
    expect(
      words(await ask(provider({ userPrefix: "system:" }), await idp.signIn("ana@example.com"))),
    ).toMatch(/"system:ana@example.com" is Kubernetes' own/)
  })

  test("is demanded", async () => {
    const { ask } = newCheck()
    expect(words(await ask(provider(), null))).toMatch(/demands your own signed assertion.*for smm/)
  })

  test.each<[string, number, Record<string, unknown>, RegExp]>([
    ["too old", 700_000, {}, /is 7\d\d s old, and this cluster takes 600 s/],
    ["expired", 7_200_000, { maxAgeMs: 90_000_000 }, /"exp" claim timestamp check failed/],
    ["from the future", -120_000, {}, /in the future/],
    ["for another audience", 0, { audience: "another" }, /unexpected "aud" claim value/],
    ["that lacks the claim of the user", 0, { userClaim: "upn" }, /has no claim "upn"/],
  ])("%s is refused", async (_, ahead, given, expected) => {
    const { ask } = newCheck(ahead)
    expect(words(await ask(provider(given), await idp.signIn("ana@example.com")))).toMatch(expected)
  })

  test("is good for one change when the owner wants that", async () => {
    const { ask } = newCheck()
    const policy = provider({ bindToChange: true })
    expect(await ask(policy, await idp.signIn("ana@example.com", { nonce: digest }))).toHaveProperty("as")
    expect(words(await ask(policy, await idp.signIn("ana@example.com", { nonce: "another" })))).toMatch(
      /is not for this change: its nonce is "another"/,
    )
    expect(words(await ask(policy, await idp.signIn("ana@example.com")))).toMatch(/its nonce is null/)
    expect(words(await ask(policy, null))).toContain(`with the nonce ${digest}`)
  })

  test("costs one look at the issuer's keys, not one for each write", async () => {
    const { ask, clock } = newCheck()
    const assertion = await idp.signIn("ana@example.com")
    idp.asked.length = 0
    for (let i = 0; i < 5; i++) await ask(provider(), assertion)
    expect(idp.asked).toEqual(["/.well-known/openid-configuration", "/jwks"])
    clock.advance(9 * 60_000)
    await ask(provider(), assertion)
    expect(idp.asked).toHaveLength(2)
    clock.advance(2 * 60_000)
    await ask(provider(), assertion)
    expect(idp.asked).toHaveLength(4)
  })
})

describe("a forged assertion", () => {
  const forge = async (alg: string, kid: string) => {
    const { privateKey } = await generateKeyPair(alg)
    return new SignJWT({ email: "ana@example.com", groups: ["admins"] })
      .setProtectedHeader({ alg, kid })
      .setIssuer(idp.issuer)
      .setAudience("smm")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey)
  }
  const unsigned = (): string => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
    const at = Math.floor(Date.now() / 1000)
    return `${part({ alg: "none" })}.${part({ iss: idp.issuer, aud: "smm", iat: at, exp: at + 300, email: "ana@example.com" })}.`
  }

  test("with the id of a real key, unsigned, or altered is refused", async () => {
    const { ask } = newCheck()
    expect(words(await ask(provider(), await forge("RS256", "RS256")))).toMatch(
      /signature verification failed/,
    )
    expect(words(await ask(provider(), unsigned()))).toMatch(
      /"alg" \(Algorithm\) Header Parameter value not allowed/,
    )
    const [head, body, signature] = (await idp.signIn("bob@example.com")).split(".")
    const claims = {
      ...(JSON.parse(Buffer.from(body ?? "", "base64url").toString()) as object),
      email: "ana@example.com",
    }
    const altered = [head, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".")
    expect(words(await ask(provider(), altered))).toMatch(/signature verification failed/)
    expect(words(await ask(provider(), "no.jwt"))).toMatch(/was refused/)
  })

  test("signed with the audience's secret (HS256) is refused", async () => {
    const key = Buffer.from("k".repeat(32))
    const jwks = { keys: [{ kty: "oct", k: key.toString("base64url"), alg: "HS256" }] }
    const token = await new SignJWT({ email: "ana@example.com" })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(idp.issuer)
      .setAudience("smm")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(key)
    expect(words(await newCheck().ask(provider({ jwks }), token))).toMatch(/"alg".*not allowed/)
  })

  test("with made-up key ids makes the issuer be asked once in 30 s at most", async () => {
    const { ask, clock } = newCheck()
    await ask(provider(), await idp.signIn("ana@example.com"))
    idp.asked.length = 0
    for (let i = 0; i < 5; i++)
      expect(words(await ask(provider(), await forge("RS256", `made-up-${i}`)))).toMatch(/no applicable key/)
    expect(idp.asked).toEqual([])
    clock.advance(31_000)
    for (let i = 0; i < 5; i++) await ask(provider(), await forge("RS256", `made-up-${i}`))
    expect(idp.asked).toEqual(["/.well-known/openid-configuration", "/jwks"])
  })
})

describe("the issuer's keys", () => {
  test("written into the policy ask nobody", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256")
    const { ask } = newCheck(0, () => Promise.reject(new Error("nobody is asked")))
    const token = await new SignJWT({ email: "ana@example.com" })
      .setProtectedHeader({ alg: "ES256" })
      .setIssuer("https://idp.example")
      .setAudience("smm")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey)
    const policy = provider({ issuer: "https://idp.example", jwks: { keys: [await exportJWK(publicKey)] } })
    expect(await ask(policy, token)).toEqual({ as: { user: "ana@example.com", groups: [] } })
  })

  test("that cannot be had refuse writes, and are asked for again", async () => {
    let down = true
    const { ask, clock } = newCheck(0, (url, until) =>
      down ? Promise.reject(new Error(`${url}: answer 503`)) : fetchJson(url, until),
    )
    const assertion = await idp.signIn("ana@example.com")
    expect(words(await ask(provider(), assertion))).toMatch(/openid-configuration: answer 503/)
    down = false
    expect(await ask(provider(), assertion)).toHaveProperty("as")
    down = true
    clock.advance(50 * 60_000)
    expect(await ask(provider({ maxAgeMs: 7_200_000 }), assertion)).toHaveProperty("as")
    clock.advance(11 * 60_000)
    expect(words(await ask(provider({ maxAgeMs: 7_200_000 }), assertion))).toMatch(
      /has not answered for an hour/,
    )
  })

  test.each<[string, object, RegExp]>([
    [
      "of another issuer",
      { issuer: "https://evil.example", jwks_uri: "https://evil.example/k" },
      /is of the issuer "https:\/\/evil\.example"/,
    ],
    [
      "that are had in the clear",
      { issuer: "https://idp.example", jwks_uri: "http://idp.example/k" },
      /jwks_uri http:\/\/idp\.example\/k.*wants https/,
    ],
  ])("%s are not taken", async (_, document, expected) => {
    const { ask } = newCheck(0, () => Promise.resolve(document))
    const assertion = await idp.signIn("ana@example.com")
    expect(words(await ask(provider({ issuer: "https://idp.example" }), assertion))).toMatch(expected)
  })

  test("come over https or loopback, in time, not too many, from where it was pinned", async () => {
    await expect(fetchJson("http://idp.example/x", signal)).rejects.toThrow(/wants https/)
    const server = createServer((request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/ok" }).end()
      else if (request.url === "/big") response.end(JSON.stringify("x".repeat(300_000)))
      else if (request.url === "/ok") response.end("{}")
      else if (request.url === "/text") response.end("<html>")
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      expect(await fetchJson(`${base}/ok`, signal)).toEqual({})
      await expect(fetchJson(`${base}/moved`, signal)).rejects.toThrow(/answer 302/)
      await expect(fetchJson(`${base}/big`, signal)).rejects.toThrow(/more than 262144 bytes/)
      await expect(fetchJson(`${base}/text`, signal)).rejects.toThrow(/JSON/)
      await expect(fetchJson(`${base}/silent`, signal)).rejects.toThrow(/no answer in 5 s/)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }, 15_000)
})
