import { jwtVerify, SignJWT, errors } from "jose"
import type { Clock } from "./clock.ts"
import { newUid } from "./clock.ts"
import { at, textOf, textsOf } from "./json.ts"
import type { Memory } from "./memory.ts"
import { notFound } from "./status.ts"
import { accountGroups, accountPrefix, authenticated, type User } from "./user.ts"

const issuer = "https://kubernetes.default.svc.cluster.local"

/** The audience of tokens that are for the API itself. */
export const defaultAudience = issuer

export type AccountName = { namespace: string; name: string }
export type IssuedToken = { token: string; expires: number }

/** Bearer tokens: one of the administrator, and signed ones of service accounts that die with their account. */
export class Tokens {
  readonly adminToken: string
  readonly #secret: Uint8Array
  readonly #memory: Memory
  readonly #clock: Clock
  constructor(memory: Memory, clock: Clock) {
    this.#memory = memory
    this.#clock = clock
    this.adminToken = `demo-admin-${newUid(clock)}`
    this.#secret = new TextEncoder().encode(`${newUid(clock)}${newUid(clock)}`)
  }

  /** @throws StatusError 404 when the account is not there */
  async issue({ namespace, name }: AccountName, audiences: string[], seconds: number): Promise<IssuedToken> {
    const account = this.#memory.get("ServiceAccount", namespace, name)
    if (!account) throw notFound({ group: "", plural: "serviceaccounts", kind: "ServiceAccount" }, name)
    const issued = Math.floor(this.#clock.now() / 1000)
    const expires = issued + seconds
    const token = await new SignJWT({
      "kubernetes.io": { namespace, serviceaccount: { name, uid: account.metadata.uid } },
    })
      .setProtectedHeader({ alg: "HS256", kid: "demo" })
      .setIssuer(issuer)
      .setSubject(`${accountPrefix}${namespace}:${name}`)
      .setAudience(audiences.length > 0 ? audiences : [defaultAudience])
      .setIssuedAt(issued)
      .setNotBefore(issued)
      .setExpirationTime(expires)
      .setJti(newUid(this.#clock))
      .sign(this.#secret)
    return { token, expires }
  }

  /** Who a token stands for, with the audiences it is good for out of those asked; undefined when it is not good. */
  async verify(
    token: string,
    audiences: readonly string[] = [defaultAudience],
  ): Promise<{ user: User; audiences: string[] } | undefined> {
    if (token === this.adminToken) {
      const user = { name: "demo-admin", groups: ["system:masters", authenticated] }
      return { user, audiences: [...audiences] }
    }
    let payload
    try {
      const verified = await jwtVerify(token, this.#secret, {
        issuer,
        currentDate: new Date(this.#clock.now()),
      })
      payload = verified.payload
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
    const held = typeof payload.aud === "string" ? [payload.aud] : textsOf(payload.aud)
    const good = audiences.filter((audience) => held.includes(audience))
    const claims = payload["kubernetes.io"]
    const namespace = textOf(at(claims, "namespace"))
    const name = textOf(at(claims, "serviceaccount", "name"))
    const uid = textOf(at(claims, "serviceaccount", "uid"))
    const account = this.#memory.get("ServiceAccount", namespace, name)
    if (good.length === 0 || account?.metadata.uid !== uid) return undefined
    const user: User = {
      name: `${accountPrefix}${namespace}:${name}`,
      uid,
      groups: [...accountGroups(namespace), authenticated],
      extra: { "authentication.kubernetes.io/credential-id": [`JTI=${payload.jti ?? ""}`] },
    }
    return { user, audiences: good }
  }
}
