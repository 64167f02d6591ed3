import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto"
import { z } from "zod"
import { type Command, KeyCertificate, certificateText, commandText } from "#shared/protocol/command.ts"

/**
 * What commands to agents are signed with. An agent pins the public key that it gets at its join, and trusts a later one only when a key that it trusts
 * already vouches for it: whoever takes the database, or the name of the server, cannot command a cluster.
 */
export type Signer = {
  /** What an agent that joins now pins. */
  commandKey: { keyId: string; publicKey: string }
  /** Of the keys after the first, oldest first: agents that pinned an earlier one come to the present one by them. */
  certificates: readonly KeyCertificate[]
  sign(payload: string): Command
}

const base64url32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "wants 32 bytes as base64url")

/** The secret: one private key, and the certificates that lead to it. Earlier private keys are not kept. */
export const KeyRing = z.strictObject({
  version: z.literal(1),
  keyId: z.string().min(1).max(64),
  privateKey: base64url32,
  publicKey: base64url32,
  certificates: z.array(KeyCertificate).max(32),
})
export type KeyRing = z.infer<typeof KeyRing>

/** Agents take as many; whoever was away for more rotations has to join again. */
const mostCertificates = 32
const mostRetired = 16

const jwk = { kty: "OKP", crv: "Ed25519" }
const privateKeyOf = ({ privateKey: d, publicKey: x }: Pick<KeyRing, "privateKey" | "publicKey">) =>
  createPrivateKey({ format: "jwk", key: { ...jwk, d, x } })

const signed = (text: string, ring: Pick<KeyRing, "privateKey" | "publicKey">): string =>
  sign(null, Buffer.from(text, "utf8"), privateKeyOf(ring)).toString("base64url")

function newKeys(): Pick<KeyRing, "keyId" | "privateKey" | "publicKey"> {
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" })
  return { keyId: `ck_${randomBytes(12).toString("base64url")}`, privateKey: d, publicKey: x }
}

export const newKeyRing = (): KeyRing => ({ version: 1, ...newKeys(), certificates: [] })

/**
 * The next key, vouched for by the present one. `earlier` leaves the present one trusted until the rotation after this one, so that commands that wait for an
 * agent stay good; `all` ends it at once, for a key that somebody may have seen.
 */
export function rotate(ring: KeyRing, retires: "earlier" | "all"): KeyRing {
  const next = newKeys()
  const before = ring.certificates.map(({ by }) => by)
  const certificate = {
    keyId: next.keyId,
    publicKey: next.publicKey,
    retires: [...before, ...(retires === "all" ? [ring.keyId] : [])].slice(-mostRetired),
    by: ring.keyId,
  }
  const signature = signed(certificateText(certificate), ring)
  return {
    version: 1,
    ...next,
    certificates: [...ring.certificates, { ...certificate, signature }].slice(-mostCertificates),
  }
}

/** @throws Error when the secret is none of ours, or its halves do not belong together: a server must not start with it */
export function parseKeyRing(text: string): KeyRing {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error("is not JSON")
  }
  const parsed = KeyRing.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new Error(`is no key ring: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`)
  }
  const ring = parsed.data
  const publicKey = createPublicKey({ format: "jwk", key: { ...jwk, x: ring.publicKey } })
  const check = "smm-command-key-check"
  if (!verify(null, Buffer.from(check), publicKey, Buffer.from(signed(check, ring), "base64url")))
    throw new Error("is no key ring: privateKey and publicKey do not belong together")
  return ring
}

export function createSigner(ring: KeyRing): Signer {
  const { keyId, publicKey, certificates } = ring
  const key = privateKeyOf(ring)
  return {
    commandKey: { keyId, publicKey },
    certificates,
    sign: (payload) => ({
      type: "command",
      keyId,
      payload,
      signature: sign(null, Buffer.from(commandText(payload), "utf8"), key).toString("base64url"),
    }),
  }
}
