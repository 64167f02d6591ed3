import { AppError } from "#shared/error.ts"
import { type Cloud, hashOf, newSecret } from "../cloud.ts"
import { Secret } from "../store/secret.ts"

export const sessionMs = 30 * 24 * 60 * 60_000
const codeMs = 15 * 60_000

/** A one-time sign-in code for a user: the local server prints it inside of a link. */
export async function createSignInCode(cloud: Cloud, userId: string): Promise<string> {
  const code = newSecret("smc_")
  await Secret.create(cloud, code, { type: "sign-in", userId }, cloud.now() + codeMs)
  return code
}

/** Spends a code for a session; the answer is the cookie's value. */
export async function signIn(cloud: Cloud, code: string): Promise<{ cookie: string; expiresAt: number }> {
  const hash = hashOf(code)
  const grant = await Secret.live(cloud, hash, ["sign-in"])
  if (!grant || !(await Secret.spend(cloud, hash, "sign-in")))
    throw new AppError("auth.required", "this sign-in link was used or has expired; take a new one")
  const cookie = newSecret("sms_")
  const expiresAt = cloud.now() + sessionMs
  await Secret.create(cloud, cookie, { type: "session", userId: grant.userId }, expiresAt)
  return { cookie, expiresAt }
}
