import { createPublicKey, verify } from "node:crypto"
import { z } from "zod"
import { certificateText, type KeyCertificate } from "#shared/protocol/command.ts"

/**
 * The cloud's keys whose commands are good: the one pinned at the join, and those that a trusted one vouched for since. What was retired once is
 * never trusted again.
 */
export const Trust = z.object({
  keys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })),
  retired: z.array(z.string()),
})
export type Trust = z.infer<typeof Trust>

export const pinned = (key: { keyId: string; publicKey: string }): Trust => ({ keys: [key], retired: [] })

/** Ed25519 over a text; false also for what is no key or no signature. */
export function isSigned(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: publicKey } })
    return verify(null, Buffer.from(text, "utf8"), key, Buffer.from(signature, "base64url"))
  } catch {
    return false
  }
}

/** Rotations are rare: this is more than any cloud has had. */
const mostRetired = 1_000

function learnOne(trust: Trust, certificate: KeyCertificate): Trust {
  const { keyId, publicKey, by, retires } = certificate
  const voucher = trust.keys.find((key) => key.keyId === by)
  if (!voucher || !isSigned(voucher.publicKey, certificateText(certificate), certificate.signature))
    return trust
  const isKnown = trust.keys.some((key) => key.keyId === keyId) || trust.retired.includes(keyId)
  const retired = [...new Set([...trust.retired, ...retires])].slice(-mostRetired)
  const keys = isKnown ? trust.keys : [...trust.keys, { keyId, publicKey }]
  return { keys: keys.filter((key) => !retired.includes(key.keyId)), retired }
}

/** What is trusted after these were shown, oldest first. The given one itself when they say nothing new. */
export function learned(trust: Trust, certificates: readonly KeyCertificate[]): Trust {
  const next = certificates.reduce(learnOne, trust)
  return JSON.stringify(next) === JSON.stringify(trust) ? trust : next
}
