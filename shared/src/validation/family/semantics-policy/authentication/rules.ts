import { rule } from "../../../rule.ts"
import { refused } from "../effect.ts"

const source = "https://istio.io/latest/docs/reference/config/security/jwt/"
const peers = "https://istio.io/latest/docs/reference/config/security/peer_authentication/"

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

export const locationInvalid = rule({
  code: "requestauthentication.location_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Place of a token has no name",
  effect: refused,
  remedy: "Name the header, parameter or cookie, or remove the entry",
  source,
})

export const claimHeaderInvalid = rule({
  code: "requestauthentication.claim_header_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Claim cannot be copied to a header",
  effect: refused,
  remedy: "Name the claim and a header of letters, digits, - and _",
  source,
})

export const jwtRuleInvalid = rule({
  code: "requestauthentication.rule_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "Audience or timeout of a JWT rule cannot be",
  effect: refused,
  remedy: "Leave no audience empty, and give the timeout in whole milliseconds",
  source,
})

export const portLevelInvalid = rule({
  code: "peerauthentication.port_level_invalid",
  aliases: ["IST0106"],
  level: "error",
  title: "mTLS per port that cannot be",
  effect: refused,
  remedy: "Select workloads, and list their ports (1 to 65535), or leave portLevelMtls out",
  source: peers,
})
