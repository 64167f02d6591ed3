import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { canonicalJson } from "#shared/kube/bucket.ts"
import { certificateText, type Command, type KeyCertificate } from "#shared/protocol/command.ts"
import { commandOf, payloadOf, standing as place } from "../../test/command.ts"
import { createKeyPair, sign } from "../link/key.ts"
import { checkCommand, type Standing } from "./command.ts"
import { learned, pinned, type Trust } from "./trust.ts"

const now = 1_700_000_000_000
const first = { ...createKeyPair(), keyId: "ck_1" }
const second = { ...createKeyPair(), keyId: "ck_2" }
const third = { ...createKeyPair(), keyId: "ck_3" }
const standing: Standing = { ...place, trust: pinned(first) }
const check = (command: Command, of: Standing | null = standing) => checkCommand(command, of, now)
const refusal = (words: string) => ({
  commandId: payloadOf(now).id,
  failure: { code: "command", message: expect.stringContaining(words) },
})

const certificate = (
  { keyId, publicKey }: typeof first,
  by: typeof first,
  retires: string[] = [],
): KeyCertificate => {
  const body = { keyId, publicKey, retires, by: by.keyId }
  return { ...body, signature: sign(by.privateKey, certificateText(body)) }
}

describe("a command", () => {
  const digestOf = (part: unknown) => createHash("sha256").update(canonicalJson(part)).digest("base64url")

  test("that is signed, ours and in time is read, with the digest of its action", () => {
    const payload = payloadOf(now)
    expect(check(commandOf(payload, first))).toEqual({ payload, digest: digestOf(payload.action) })
  })

  test("that writes has the digest that its check had: of the steps, whatever the cloud puts around them", () => {
    const ref = { kind: "VirtualService.networking.istio.io", namespace: "shop", name: "cart" }
    const step = {
      ...{ verb: "delete" as const, object: ref, apiVersion: "networking.istio.io/v1" },
      ...{ resourceVersion: "7", uid: "u", patch: null, create: null },
    }
    const part = { conflicts: "ask" as const, steps: [step] }
    const more = { guard: null, revertAt: null, services: [] }
    const of = (action: object) => check(commandOf({ ...payloadOf(now), action } as never, first))
    const expected = expect.objectContaining({ digest: digestOf(part) }) as unknown
    expect(of({ type: "check", ...part })).toEqual(expected)
    for (const changeId of ["chg_01ARZ3NDEKTSV4RRFFQ69G5FAV", "chg_01ARZ3NDEKTSV4RRFFQ69G5FAX"])
      expect(of({ type: "apply", changeId, ...part, ...more })).toEqual(expected)
    expect(of({ type: "check", ...part, steps: [{ ...step, resourceVersion: "8" }] })).not.toEqual(expected)
  })

  test.each([
    ["altered", (c: Command) => ({ ...c, payload: c.payload.replace("bookinfo", "shop") }), "altered"],
    [
      "with another's signature",
      (c: Command) => ({ ...c, signature: commandOf(payloadOf(now), second).signature }),
      "altered",
    ],
    ["of an unknown key", (c: Command) => ({ ...c, keyId: "ck_9" }), "not one that this agent trusts"],
  ])("%s is refused", (_, alter, words) => {
    expect(check(alter(commandOf(payloadOf(now), first)))).toEqual(refusal(words))
  })

  test.each([
    ["expired", { expiresAt: now }, "expired"],
    ["of the future", { issuedAt: now + 61_000, expiresAt: now + 90_000 }, "future"],
    ["that lives for too long", { expiresAt: now + 30 * 3_600_000 }, "longer than the 24 h"],
    ["for another cluster", { clusterId: "cls_01ARZ3NDEKTSV4RRFFQ69G5FAX" }, "this is cls_"],
    ["for another organization", { organizationId: "org_01ARZ3NDEKTSV4RRFFQ69G5FAX" }, "belongs to org_"],
    ["of a shape that we do not know", { action: { type: "format-disk" } }, "older version"],
  ])("%s is refused", (_, more, words) => {
    expect(check(commandOf({ ...payloadOf(now), ...more } as never, first))).toEqual(refusal(words))
  })

  test("a clock that is a minute late is borne with", () => {
    expect(
      check(commandOf(payloadOf(now, { issuedAt: now + 59_000, expiresAt: now + 120_000 }), first)),
    ).toHaveProperty("payload")
  })

  test("of an agent that joined before there were keys is refused with the remedy", () => {
    expect(check(commandOf(payloadOf(now), first), null)).toEqual(refusal("join again to write"))
  })

  test("that is no JSON has nobody to answer to", () => {
    expect(check({ ...commandOf(payloadOf(now), first), payload: "{" })).toMatchObject({ commandId: null })
  })
})

describe("keys", () => {
  const signedBy = (trust: Trust, key: typeof first) =>
    "payload" in check(commandOf(payloadOf(now), key), { ...standing, trust })

  test("that a trusted one vouches for are trusted, one after the other", () => {
    const trust = learned(standing.trust, [certificate(second, first), certificate(third, second)])
    expect([first, second, third].map((key) => signedBy(trust, key))).toEqual([true, true, true])
  })

  test("that are retired are refused for good, whoever vouches for them later", () => {
    const trust = learned(standing.trust, [certificate(second, first, [first.keyId])])
    expect([first, second].map((key) => signedBy(trust, key))).toEqual([false, true])
    const later = learned(trust, [certificate(first, second), certificate(third, first)])
    expect([first, second, third].map((key) => signedBy(later, key))).toEqual([false, true, false])
    expect(check(commandOf(payloadOf(now), first), { ...standing, trust: later })).toEqual(
      refusal("was retired"),
    )
  })

  test.each([
    ["a stranger vouches for", [certificate(third, second)]],
    ["are put in place of a known one", [certificate({ ...third, keyId: first.keyId }, first)]],
    ["have a certificate that was altered", [{ ...certificate(second, first), publicKey: third.publicKey }]],
  ])("that %s are not trusted", (_, certificates) => {
    const trust = learned(standing.trust, certificates)
    expect(trust).toBe(standing.trust)
    expect([first, second, third].map((key) => signedBy(trust, key))).toEqual([true, false, false])
  })
})
