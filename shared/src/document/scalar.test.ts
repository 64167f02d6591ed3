import { describe, expect, test } from "vitest"
import { plainKey, plainValue } from "./scalar.ts"

/** As go.yaml.in/yaml/v2 gives them, under sigs.k8s.io/yaml. */
const values: [string, unknown][] = [
  ["", null],
  ["~", null],
  ["Null", null],
  ["nULL", "nULL"],
  ["yes", true],
  ["Off", false],
  ["y", true],
  ["N", false],
  ["yEs", "yEs"],
  ["true", true],
  ["truest", "truest"],
  ["0", 0],
  ["-0", 0],
  ["80", 80],
  ["+12", 12],
  ["0755", 493],
  ["0o17", 15],
  ["08", 8],
  ["0x1F", 31],
  ["-0x1f", -31],
  ["0b101", 5],
  ["1_000", 1000],
  ["_1", "_1"],
  ["-", "-"],
  ["9007199254740993", 9007199254740992],
  ["18446744073709551615", 18446744073709552000],
  ["18446744073709551616", 18446744073709552000],
  ["0xfffffffffffffffff", "0xfffffffffffffffff"],
  ["1.10", 1.1],
  ["1.", 1],
  [".5", 0.5],
  ["._5", "._5"],
  [".5_0", 0.5],
  [".5_", ".5_"],
  [".", "."],
  ["1e3", 1000],
  ["12e03", 12000],
  ["1e400", "1e400"],
  ["1.2.3.4", "1.2.3.4"],
  ["10s", "10s"],
  ["1:30", "1:30"],
  ["2001-12-14", "2001-12-14"],
  ["2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z"],
  [".inf", Infinity],
  ["-.INF", -Infinity],
  ["http", "http"],
  ["=", "="],
]

describe("an unquoted scalar", () => {
  test.each(values)("%j is %j to Kubernetes", (text, value) => expect(plainValue(text)).toEqual(value))
  test("is not a number when it may be", () => expect(plainValue(".nan")).toBeNaN())
})

describe("an unquoted key", () => {
  const keys: [string, string | undefined][] = [
    ["on", "true"],
    ["n", "false"],
    ["80", "80"],
    ["0x10", "16"],
    ["1.10", "1.1"],
    ["1e-7", "1e-07"],
    ["4E7", "4e+07"],
    ["1e3", "1000"],
    ["1e58", ".inf"],
    ["1234567.5", "1.2345675e+06"],
    ["1_000", "1000"],
    ["0b11", "3"],
    ["0.1", "0.1"],
    ["app", "app"],
    ["~", undefined],
  ]
  test.each(keys)("%j is %j in JSON", (text, key) => expect(plainKey(text)).toBe(key))
})
