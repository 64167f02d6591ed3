import { X509Certificate } from "node:crypto"
import { rootCertificates } from "node:tls"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { bytesOf, firstBlock, isCertificateFor, readCertificate } from "./certificate.ts"

describe("a certificate", () => {
  test("of every authority that Node trusts is read as Node reads it", () => {
    for (const pem of rootCertificates) {
      const der = firstBlock(pem)
      const mine = der && readCertificate(der)
      const theirs = new X509Certificate(pem)
      expect([mine?.notBefore, mine?.notAfter]).toEqual([
        Date.parse(theirs.validFrom),
        Date.parse(theirs.validTo),
      ])
      expect(mine?.dnsNames === null).toBe(theirs.subjectAltName === undefined)
    }
  })

  test("that is cut short, or any other bytes, is none, and never throws", () => {
    const der = firstBlock(rootCertificates[0] ?? "") ?? new Uint8Array()
    for (let length = 0; length < der.length; length += 7)
      expect(readCertificate(der.slice(0, length))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        readCertificate(bytes)
      }),
    )
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(der)
        changed[at] = byte
        readCertificate(changed)
      }),
    )
  })

  test.each(["", "-----BEGIN CERTIFICATE-----", "-----BEGIN X-----\n!!\n-----END X-----", "tls.crt"])(
    "%j holds no block",
    (pem) => {
      expect(firstBlock(pem)).toBeUndefined()
    },
  )

  test("is for its names, and for one part in place of a star", () => {
    const names = ["shop.example.com", "*.api.example.com"]
    expect(isCertificateFor(names, "Shop.example.com")).toBe(true)
    expect(isCertificateFor(names, "v1.api.example.com")).toBe(true)
    expect(isCertificateFor(names, "*.api.example.com")).toBe(true)
    expect(isCertificateFor(names, "a.v1.api.example.com")).toBe(false)
    expect(isCertificateFor(names, "api.example.com")).toBe(false)
  })

  test("in base64 may have line breaks, and what is no base64 is none", () => {
    expect(bytesOf("AQ\nID\n")).toEqual(Uint8Array.from([1, 2, 3]))
    expect(bytesOf("***")).toBeUndefined()
  })
})
