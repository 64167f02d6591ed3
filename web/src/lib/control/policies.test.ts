import { describe, expect, test } from "vitest"
import { ClientTlsForm, LoadBalancingForm } from "#shared/edit/form.ts"
import { inMode, takes, tlsModes } from "./client-tls.ts"
import {
  algorithmOf,
  algorithmsFor,
  hashKeyOf,
  hashKeys,
  ringKindOf,
  spreadOf,
  spreads,
  withAlgorithm,
  withHashKey,
  withRing,
  withSpread,
} from "./load-balancing.ts"

describe("an algorithm that is chosen", () => {
  const form: LoadBalancingForm = { simple: "ROUND_ROBIN", warmup: { duration: "30s" } }

  test("takes the place of the one before, and leaves the rest", () => {
    expect(withAlgorithm(form, "RANDOM")).toEqual({ simple: "RANDOM", warmup: { duration: "30s" } })
    expect(withAlgorithm(form, "")).toEqual({ warmup: { duration: "30s" } })
    expect(withAlgorithm(form, "HASH")).toEqual({
      consistentHash: { useSourceIp: true },
      warmup: { duration: "30s" },
    })
    expect(algorithmOf(withAlgorithm(form, "HASH"))).toBe("HASH")
    expect(algorithmOf({})).toBe("")
  })

  test("may have an old name only where that is written", () => {
    const values = (of: LoadBalancingForm) => algorithmsFor(of).map(({ value }) => value)
    expect(values(form)).not.toContain("LEAST_CONN")
    expect(values({ simple: "LEAST_CONN" })).toContain("LEAST_CONN")
  })
})

describe("a hash", () => {
  test("has one key, and keeps its ring when that changes", () => {
    for (const { value } of hashKeys) {
      const hash = withHashKey({ useSourceIp: true, maglev: { tableSize: 13 } }, value)
      expect(hashKeyOf(hash)).toBe(value)
      expect(hashKeys.filter(({ value: key }) => hash[key] !== undefined)).toHaveLength(1)
      expect(hash.maglev).toEqual({ tableSize: 13 })
      expect(LoadBalancingForm.safeParse({ consistentHash: hash }).success).toBe(true)
    }
  })

  test("has one ring or none", () => {
    const hash = withRing({ useSourceIp: true, ringHash: { minimumRingSize: 8 } }, "maglev")
    expect(hash).toEqual({ useSourceIp: true, maglev: {} })
    expect(ringKindOf(hash)).toBe("maglev")
    expect(withRing(hash, "")).toEqual({ useSourceIp: true })
  })
})

describe("places", () => {
  test("get requests in one way, whether it is on or off stays", () => {
    for (const { value } of spreads) {
      const locality = withSpread({ enabled: false, failover: [{ from: "a", to: "b" }] }, value)
      expect(spreadOf(locality)).toBe(value)
      expect(locality.enabled).toBe(false)
      expect(LoadBalancingForm.safeParse({ locality }).success).toBe(true)
      expect(Object.keys(locality).length).toBeLessThanOrEqual(2)
    }
  })
})

describe("another mode of TLS", () => {
  const form: ClientTlsForm = {
    mode: "MUTUAL",
    sni: "db",
    clientCertificate: "/c",
    privateKey: "/k",
    caCertificates: "/ca",
    insecureSkipVerify: true,
  }

  test.each([
    { mode: "SIMPLE", left: { sni: "db", caCertificates: "/ca", insecureSkipVerify: true } },
    { mode: "ISTIO_MUTUAL", left: { sni: "db" } },
    { mode: "DISABLE", left: {} },
    { mode: "MUTUAL", left: { ...form, mode: undefined } },
  ] as const)("$mode keeps what it takes, and nothing else", ({ mode, left }) => {
    const next = inMode(form, mode)
    expect(next).toEqual({ ...left, mode })
    expect(ClientTlsForm.safeParse(next).success).toBe(true)
  })

  test("says of each mode what it means", () => {
    expect(tlsModes.map(({ value }) => value).sort()).toEqual(
      ["", ...ClientTlsForm.shape.mode.options].sort(),
    )
    expect(takes("SIMPLE", "privateKey")).toBe(false)
  })
})
