import { describe, expect, test } from "vitest"
import { matchesLabels, parseSelector, selects } from "./selector.ts"

const labels = { app: "cart", "app.kubernetes.io/name": "cart", tier: "" }

describe("a label selector", () => {
  test.each([
    ["app=cart", true],
    ["app==cart,tier!=front", true],
    ["app!=cart", false],
    ["missing!=x", true],
    ["app in (web, cart)", true],
    ["app notin (web,cart)", false],
    ["missing notin (a)", true],
    ["tier", true],
    ["!tier", false],
    ["! missing", true],
    ["app.kubernetes.io/name in (cart),app", true],
    ["constructor", false],
    ["!constructor", true],
    ["__proto__", false],
    ["toString notin (a)", true],
    ["", true],
  ])("%j is %j of these labels", (text, wanted) => expect(selects(parseSelector(text), labels)).toBe(wanted))

  test.each(["app=", "a=b c", "app in cart", "a=b=c", "(a)", "app>3"])(
    "%j is read or refused, never thrown at",
    (text) => {
      try {
        expect(typeof selects(parseSelector(text), labels)).toBe("boolean")
      } catch (error) {
        expect(error).toMatchObject({ code: "input.invalid" })
      }
    },
  )

  test("of a service selects nothing when it is empty", () => {
    expect(matchesLabels({}, labels)).toBe(false)
    expect(matchesLabels({ app: "cart" }, labels)).toBe(true)
    expect(matchesLabels({ app: "cart", zone: "a" }, labels)).toBe(false)
  })
})
