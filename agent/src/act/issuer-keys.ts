import type { JSONWebKeySet } from "jose"
import { z } from "zod"
import type { IdentityProvider } from "#shared/act/policy.ts"
import type { Clock } from "../clock.ts"
import { type FetchJson, isTrustworthyUrl } from "./fetch-json.ts"

/** The public keys of the issuer that the policy pins. */
export type IssuerKeys = {
  /** `unknown`: none of those given before fitted. @throws Error with one line when they cannot be had */
  keys(provider: IdentityProvider, unknown: boolean): Promise<JSONWebKeySet>
}

const Discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.string() })
const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).max(200) })

const freshMs = 10 * 60_000
/** An issuer that does not answer does not take the right to write at once; a key that it withdrew does not last. */
const usableMs = 60 * 60_000
/** Tokens with made-up key ids do not make us ask the issuer more often. */
const againMs = 30_000

type Held = { set: JSONWebKeySet; at: number; triedAt: number }

export function createIssuerKeys(options: {
  fetchJson: FetchJson
  clock: Clock
  signal: AbortSignal
}): IssuerKeys {
  const { fetchJson, clock, signal } = options
  let issuer = ""
  let held: Held | undefined
  let running: Promise<void> | undefined

  async function fetched(of: string): Promise<JSONWebKeySet> {
    const base = of.replace(/\/+$/, "")
    const document = Discovery.parse(await fetchJson(`${base}/.well-known/openid-configuration`, signal))
    if (document.issuer !== of)
      throw new Error(
        `the discovery document of ${of} is of the issuer ${JSON.stringify(document.issuer)}; write identityProvider.issuer exactly so`,
      )
    if (!isTrustworthyUrl(document.jwks_uri))
      throw new Error(`jwks_uri ${document.jwks_uri} of ${of}: wants https (http only on loopback)`)
    return KeySet.parse(await fetchJson(document.jwks_uri, signal)) as JSONWebKeySet
  }

  async function refresh(of: string): Promise<void> {
    const at = clock.now()
    if (held) held.triedAt = at
    const set = await fetched(of)
    if (issuer === of) held = { set, at, triedAt: at }
  }

  function isDue(unknown: boolean): boolean {
    if (held === undefined) return true
    const now = clock.now()
    return (unknown || now - held.at >= freshMs) && now - held.triedAt >= againMs
  }

  async function keys({ issuer: of, jwks }: IdentityProvider, unknown: boolean): Promise<JSONWebKeySet> {
    if (jwks !== undefined) return KeySet.parse(jwks) as JSONWebKeySet
    if (issuer !== of) {
      issuer = of
      held = undefined
      running = undefined
    }
    if (isDue(unknown)) {
      const run = (running ??= refresh(of).finally(() => {
        if (running === run) running = undefined
      }))
      await run.catch((error: unknown) => {
        if (held === undefined) throw error
      })
    }
    if (held === undefined || clock.now() - held.at >= usableMs)
      throw new Error(`the issuer ${of} has not answered for an hour`)
    return held.set
  }
  return { keys }
}
