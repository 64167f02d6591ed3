import { createHash, createPrivateKey, generateKeyPairSync, sign as signBytes } from "node:crypto"

/** Raw Ed25519 halves as base64url; the private one is the 32 byte seed with its public half, as a JWK has them: `d.x`. */
export type KeyPair = { privateKey: string; publicKey: string }

export function createKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync("ed25519")
  const { d = "", x = "" } = privateKey.export({ format: "jwk" })
  return { privateKey: `${d}.${x}`, publicKey: x }
}

/** Ed25519 signature of a text, base64url. */
export function sign(privateKey: string, text: string): string {
  const [d = "", x = ""] = privateKey.split(".")
  const key = createPrivateKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", d, x } })
  return signBytes(null, Buffer.from(text, "utf8"), key).toString("base64url")
}

/** Which token an identity came from, without keeping it. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("base64url")
