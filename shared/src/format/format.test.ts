import { describe, expect, test } from "vitest"
import { formatBytesRate, formatCount, formatLatency, formatRate, formatShare } from "./number.ts"
import { formatAge, formatMoment, formatSince } from "./time.ts"

describe("numbers", () => {
  test.each([
    [null, "-"],
    [0, "0 rps"],
    [0.04, "< 0.1 rps"],
    [0.44, "0.4 rps"],
    [41.23, "41.2 rps"],
    [118.4, "118 rps"],
    [999.4, "999 rps"],
    [999.6, "1k rps"],
    [2_440, "2.4k rps"],
    [1_100_000, "1.1M rps"],
  ])("a rate of %s reads %s", (value, text) => expect(formatRate(value)).toBe(text))

  test.each([
    [null, "-"],
    [0, "0.0 %"],
    [0.0004, "< 0.1 %"],
    [0.029, "2.9 %"],
    [0.99999, "> 99.9 %"],
    [1, "100.0 %"],
  ])("a share of %s reads %s", (value, text) => expect(formatShare(value)).toBe(text))

  test.each([
    [null, "-"],
    [0.44, "0.4 ms"],
    [41.4, "41 ms"],
    [999.4, "999 ms"],
    [999.6, "1 s"],
    [1_240, "1.2 s"],
  ])("a latency of %s ms reads %s", (value, text) => expect(formatLatency(value)).toBe(text))

  test.each([
    [0, "0 B/s"],
    [999.6, "1 kB/s"],
    [1_100_000, "1.1 MB/s"],
  ])("%s bytes a second read %s", (value, text) => expect(formatBytesRate(value)).toBe(text))

  test("a count has thousands", () => expect(formatCount(12_340)).toBe("12,340"))
})

describe("time", () => {
  test.each([
    [-5_000, "0 s"],
    [4_900, "4 s"],
    [27 * 60_000, "27 min"],
    [5 * 3_600_000, "5 h"],
    [3 * 86_400_000, "3 d"],
  ])("%s ms is an age of %s", (ms, text) => expect(formatAge(ms)).toBe(text))

  test("what is older than 30 days has a date", () => {
    const now = Date.UTC(2026, 10, 22)
    expect(formatSince(Date.UTC(2026, 2, 14), now)).toBe("14 Mar")
    expect(formatSince(Date.UTC(2025, 2, 14), now)).toBe("14 Mar 2025")
    expect(formatSince(now - 5_000, now)).toBe("5 s")
  })

  test("a moment is in UTC", () =>
    expect(formatMoment(Date.UTC(2026, 10, 22, 13, 55, 7))).toBe("2026-11-22 13:55:07"))
})
