import { createPublicKey, verify } from "node:crypto"
import { describe, expect, test } from "vitest"
import { type Command, certificateText, commandText } from "#shared/protocol/command.ts"
import { type Signer, createSigner, newKeyRing, parseKeyRing, rotate } from "./signer.ts"

const keyOf = (x: string) => createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } })
const fits = (publicKey: string, text: string, signature: string): boolean =>
  verify(null, Buffer.from(text), keyOf(publicKey), Buffer.from(signature, "base64url"))

/** The keys that an agent trusts which pinned `pinned`, after it was shown the certificates. */
function trusted(pinned: Signer["commandKey"], certificates: Signer["certificates"]): Map<string, string> {
  const keys = new Map([[pinned.keyId, pinned.publicKey]])
  for (const certificate of certificates) {
    const by = keys.get(certificate.by)
    if (by === undefined || !fits(by, certificateText(certificate), certificate.signature)) continue
    keys.set(certificate.keyId, certificate.publicKey)
    for (const retired of certificate.retires) keys.delete(retired)
  }
  return keys
}
const isGood = (keys: Map<string, string>, { keyId, payload, signature }: Command): boolean =>
  keys.has(keyId) && fits(keys.get(keyId) ?? "", commandText(payload), signature)

describe("a command", () => {
  test("has a signature that fits its text and no other", () => {
    const signer = createSigner(newKeyRing())
    const { publicKey } = signer.commandKey
    const { payload, signature } = signer.sign('{"id":"x"}')
    expect(fits(publicKey, commandText(payload), signature)).toBe(true)
    expect(fits(publicKey, payload, signature)).toBe(false)
    expect(fits(publicKey, commandText('{"id":"y"}'), signature)).toBe(false)
  })
})

describe("after a rotation", () => {
  test("whoever pinned the first key trusts the present one by way of all between, and the last one before it", () => {
    const first = newKeyRing()
    const rings = [first]
    for (let i = 0; i < 5; i++) rings.push(rotate(rings.at(-1) ?? first, "earlier"))
    const signers = rings.map(createSigner)
    const now = signers.at(-1) ?? expect.unreachable()
    const keys = trusted(createSigner(first).commandKey, now.certificates)
    expect([...keys.keys()]).toEqual(rings.slice(-2).map(({ keyId }) => keyId))
    expect(signers.map((signer) => isGood(keys, signer.sign("{}")))).toEqual([
      ...[false, false, false, false],
      true,
      true,
    ])
  })

  test("because of a key that somebody may have seen, that one is trusted no more", () => {
    const first = newKeyRing()
    const second = rotate(first, "all")
    const keys = trusted(createSigner(first).commandKey, createSigner(second).certificates)
    expect(isGood(keys, createSigner(first).sign("{}"))).toBe(false)
    expect(isGood(keys, createSigner(second).sign("{}"))).toBe(true)
  })

  test("nobody trusts a key that a stranger vouches for", () => {
    const pinned = createSigner(newKeyRing())
    const stranger = createSigner(rotate(newKeyRing(), "all"))
    const keys = trusted(pinned.commandKey, stranger.certificates)
    expect(isGood(keys, stranger.sign("{}"))).toBe(false)
  })
})

describe("the secret", () => {
  test("is read back as it was made", () => {
    const ring = rotate(newKeyRing(), "earlier")
    expect(parseKeyRing(JSON.stringify(ring))).toEqual(ring)
  })

  test.each([
    ["", "is not JSON"],
    ["{}", "is no key ring: version"],
    [JSON.stringify({ ...newKeyRing(), privateKey: "short" }), "is no key ring: privateKey wants 32 bytes"],
    [JSON.stringify({ ...newKeyRing(), publicKey: newKeyRing().publicKey }), "is no key ring"],
  ])("%s is refused: %s", (text, message) => {
    expect(() => parseKeyRing(text)).toThrow(message)
  })
})
