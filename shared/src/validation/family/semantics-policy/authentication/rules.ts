import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

const source = "https://istio.io/latest/docs/reference/config/security/jwt/"

export const issuerMissing = rule({
  code: "requestauthentication.issuer_missing",
  aliases: ["IST0106"],
  level: "error",
  title: "JWT rule names neither issuer nor keys",
  effect: refused,
  remedy: "Name the issuer, or the jwksUri with its keys",
  source,
})

export const jwksInvalid = rule({
  code: "requestauthentication.jwks_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Keys of a JWT rule cannot be read",
  effect: "Istio's webhook refuses the object; without it, every token of the issuer is refused",
  remedy: "Give jwksUri an http or https address, or jwks a JSON Web Key Set",
  source,
})

export const jwksPrivate = rule({
  code: "requestauthentication.jwks_private",
  aliases: ["IST0133"],
  level: "warning",
  title: "Private key in a JWT rule",
  effect: "Whoever may read the object can sign tokens; proxies verify with the public part alone",
  remedy: "Put only public keys there, and replace the one that was shown",
  source,
})

export const timeoutInvalid = rule({
  code: "requestauthentication.timeout_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Timeout of a JWT rule cannot be",
  effect: refused,
  remedy: "Give the timeout in whole milliseconds",
  source,
})
