import type * as JoseModule from "jose"
import type { JWTPayload } from "jose"
import { isSameAddress } from "#shared/act/identity.ts"
import { type IdentityProvider, KubeIdentity } from "#shared/act/policy.ts"
import type { Caller } from "#shared/protocol/command.ts"
import type { Clock } from "../clock.ts"
import { fetchJson as fetchJsonOverHttp, type FetchJson } from "./fetch-json.ts"
import type { Admission, Asking } from "./gate.ts"
import { createIssuerKeys, type IssuerKeys } from "./issuer-keys.ts"

/** Checks, in the cluster, the assertion of the user's own that comes with a write. */
export type AssertionCheck = { check(provider: IdentityProvider, asking: Asking): Promise<Admission> }

/** Signatures with a public key only: with HS256 whoever knows the audience's secret, the cloud perhaps, could sign. */
const algorithms = ["RS256", "PS256", "ES256", "EdDSA"]
const types = [undefined, "JWT", "at+jwt", "application/at+jwt"]
const skewMs = 30_000

/** What is wrong with an assertion, for whoever sent it. */
class Refused extends Error {}

type Jose = typeof JoseModule
/** Not before it is needed: most agents have no identity provider, and every module costs memory. */
const loadJose = (): Promise<Jose> => import("jose")

async function verifyWith(
  jose: Jose,
  assertion: string,
  given: { provider: IdentityProvider; keys: IssuerKeys; now: number },
): Promise<JWTPayload> {
  const { provider, keys, now } = given
  const rules = {
    issuer: provider.issuer,
    audience: provider.audience,
    algorithms,
    currentDate: new Date(now),
    clockTolerance: skewMs / 1000,
    requiredClaims: ["exp", "iat"],
  }
  const attempt = async (unknown: boolean) =>
    jose.jwtVerify(assertion, jose.createLocalJWKSet(await keys.keys(provider, unknown)), rules)
  const answer = await attempt(false).catch((error: unknown) => {
    // A key of the issuer's that is newer than what we hold, or one that only looks so.
    const another = error instanceof jose.errors.JWKSNoMatchingKey
    if (another && provider.jwks === undefined) return attempt(true)
    throw error
  })
  if (!types.includes(answer.protectedHeader.typ))
    throw new Refused(
      `is of type ${JSON.stringify(answer.protectedHeader.typ)}; send an ID token or access token`,
    )
  return answer.payload
}

function demandAge({ iat = 0 }: JWTPayload, { maxAgeMs }: IdentityProvider, now: number): void {
  const ageMs = now - iat * 1000
  if (ageMs < -skewMs)
    throw new Refused(`was issued ${Math.round(-ageMs / 1000)} s in the future; set the clocks right`)
  if (ageMs > maxAgeMs + skewMs)
    throw new Refused(
      `is ${Math.round(ageMs / 1000)} s old, and this cluster takes ${Math.round(maxAgeMs / 1000)} s; sign in to the identity provider again`,
    )
}

function textClaim(claims: JWTPayload, name: string): string {
  const value = claims[name]
  if (typeof value === "string" && value !== "") return value
  throw new Refused(`has no claim ${JSON.stringify(name)} of text; the identity provider has to put it in`)
}

function groupsOf(claims: JWTPayload, { groupsClaim, groupsPrefix, groups }: IdentityProvider): string[] {
  const value = claims[groupsClaim] ?? []
  const names = typeof value === "string" ? [value] : value
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string"))
    throw new Refused(`has a claim ${JSON.stringify(groupsClaim)} that is no list of text`)
  const prefixed = names.map((name) => groupsPrefix + name)
  return groups === undefined ? prefixed : prefixed.filter((name) => groups.includes(name))
}

function identityOf(claims: JWTPayload, provider: IdentityProvider): KubeIdentity {
  const user = provider.userPrefix + textClaim(claims, provider.userClaim)
  const read = KubeIdentity.safeParse({ user, groups: groupsOf(claims, provider) })
  if (read.success) return read.data
  const words = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")
  throw new Refused(`makes no identity for Kubernetes: ${words}`)
}

/** The user of whom the cloud speaks is the one of whom the identity provider speaks. */
function demandCaller(claims: JWTPayload, { userClaim }: IdentityProvider, caller: Caller): void {
  const user = textClaim(claims, userClaim)
  const { email } = claims
  const verified = claims["email_verified"] !== false
  if (userClaim === "email" && !verified)
    throw new Refused("has an address that was not verified (email_verified)")
  if (caller.kind === "token") {
    if (user === caller.name) return
    throw new Refused(
      `is of ${JSON.stringify(user)}, and the command of the token ${JSON.stringify(caller.name)}; a token wants an assertion with its own name in ${userClaim}`,
    )
  }
  const names = [user, ...(typeof email === "string" && verified ? [email] : [])]
  if (names.some((name) => isSameAddress(name, caller.name))) return
  throw new Refused(
    `is of ${JSON.stringify(user)}, and the command of ${JSON.stringify(caller.name)}: whoever sends it must be whom the identity provider knows`,
  )
}

function demandBinding({ nonce }: JWTPayload, { bindToChange }: IdentityProvider, digest: string): void {
  if (bindToChange && nonce !== digest)
    throw new Refused(
      `is not for this change: its nonce is ${JSON.stringify(nonce ?? null)}, and the change's digest ${JSON.stringify(digest)}; get one with that nonce`,
    )
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export function createAssertionCheck(options: {
  clock: Clock
  signal: AbortSignal
  fetchJson?: FetchJson
}): AssertionCheck {
  const { clock, signal, fetchJson = fetchJsonOverHttp } = options
  const keys = createIssuerKeys({ fetchJson, clock, signal })
  const refusal = (message: string): Admission => ({ failure: { code: "assertion", message } })

  async function admitted(
    provider: IdentityProvider,
    { assertion, caller, digest }: Asking & { assertion: string },
  ): Promise<Admission> {
    const now = clock.now()
    const claims = await verifyWith(await loadJose(), assertion, { provider, keys, now })
    demandAge(claims, provider, now)
    demandCaller(claims, provider, caller)
    demandBinding(claims, provider, digest)
    return { as: identityOf(claims, provider) }
  }

  return {
    async check(provider, { assertion, ...asking }) {
      const { issuer, audience, bindToChange } = provider
      const nonce = bindToChange ? ` with the nonce ${asking.digest}` : ""
      if (assertion === null)
        return refusal(
          `this cluster demands your own signed assertion with each write: a token of ${issuer} for ${audience}${nonce}, sent as "assertion"`,
        )
      try {
        return await admitted(provider, { ...asking, assertion })
      } catch (error) {
        return refusal(
          `the assertion (of ${issuer}, for ${audience}) ${error instanceof Refused ? "" : "was refused: "}${wordsOf(error)}`,
        )
      }
    },
  }
}
