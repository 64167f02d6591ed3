import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { exportJWK, generateKeyPair, type JWK, type JWTPayload } from "jose"
import Provider from "oidc-provider"

export type Person = { email: string; groups?: unknown; email_verified?: boolean } & Record<string, unknown>

export type TestIdentityProvider = {
  issuer: string
  audience: string
  /** Signs somebody in by the authorization code flow, and answers the ID token. */
  signIn(address: string, options?: { nonce?: string; alg?: Alg }): Promise<string>
  /** Requests that it had, as paths. */
  asked: string[]
  close(): Promise<void>
}

const algs = ["RS256", "PS256", "ES256", "EdDSA"] as const
export type Alg = (typeof algs)[number]

async function newKey(alg: Alg): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), alg, use: "sig", kid: alg }
}

const redirect = "http://127.0.0.1:1/signed-in"
const secret = "a secret of forty characters for the tests"
const clientOf = (alg: Alg): string => (alg === "RS256" ? "smm" : `smm-${alg}`)

const configuration = (people: readonly Person[], keys: JWK[]) => ({
  jwks: { keys },
  clients: algs.map((alg) => ({
    client_id: clientOf(alg),
    client_secret: secret,
    redirect_uris: [redirect],
    id_token_signed_response_alg: alg,
  })),
  enabledJWA: { idTokenSigningAlgValues: algs },
  scopes: ["openid", "email", "groups"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
  conformIdTokenClaims: false,
  pkce: { required: () => false },
  cookies: { keys: ["of the tests"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: () => "/interaction" },
  findAccount(_: unknown, id: string) {
    const person = people.find(({ email }) => email === id)
    return person && { accountId: id, claims: (): JWTPayload => ({ sub: id, ...person }) }
  },
})

/** Says yes to whatever is asked: there is nobody to ask. */
function agree(provider: Provider): void {
  provider.use(async ({ path, req, res }, next) => {
    if (path !== "/interaction") return next()
    const { params } = await provider.interactionDetails(req, res)
    const accountId = params.login_hint ?? ""
    const grant = new provider.Grant({ accountId, clientId: params.client_id })
    grant.addOIDCScope(params.scope)
    const grantId = await grant.save()
    await provider.interactionFinished(req, res, { login: { accountId }, consent: { grantId } })
  })
}

/** Follows the redirects of one browser, to the code. */
async function codeOf(start: URL): Promise<string> {
  const cookies = new Map<string, string>()
  let at = start
  for (let hop = 0; hop < 10; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
    const answer = await fetch(at, { redirect: "manual", headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined && value !== undefined) cookies.set(name, value)
    }
    at = new URL(answer.headers.get("location") ?? "", at)
    const code = at.searchParams.get("code")
    if (code !== null) return code
    if (answer.status < 300 || answer.status >= 400)
      throw new Error(`no code: ${answer.status} ${await answer.text()}`)
  }
  throw new Error("no code after ten redirects")
}

/** A real `oidc-provider` on loopback, with these people. */
export async function startIdentityProvider(people: readonly Person[]): Promise<TestIdentityProvider> {
  const asked: string[] = []
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keys = await Promise.all(algs.map(newKey))
  const provider = new Provider(issuer, configuration(people, keys))
  agree(provider)
  const answer = provider.callback()
  server.on("request", (request, response) => {
    asked.push(request.url ?? "")
    answer(request, response)
  })

  async function signIn(
    address: string,
    { nonce, alg = "RS256" }: { nonce?: string; alg?: Alg } = {},
  ): Promise<string> {
    const start = new URL(`${issuer}/auth`)
    const query = {
      client_id: clientOf(alg),
      response_type: "code",
      redirect_uri: redirect,
      scope: "openid email groups",
      login_hint: address,
      ...(nonce === undefined ? {} : { nonce }),
    }
    start.search = new URLSearchParams(query).toString()
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      code: await codeOf(start),
      redirect_uri: redirect,
    })
    const authorization = `Basic ${Buffer.from(`${clientOf(alg)}:${encodeURIComponent(secret)}`).toString("base64")}`
    const response = await fetch(`${issuer}/token`, { method: "POST", body, headers: { authorization } })
    const { id_token: token } = (await response.json()) as { id_token?: string }
    if (token === undefined) throw new Error(`no ID token for ${address}: ${response.status}`)
    return token
  }

  return {
    issuer,
    audience: "smm",
    signIn,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
