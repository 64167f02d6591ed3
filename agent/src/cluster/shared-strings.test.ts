import fc from "fast-check"
import { expect, test } from "vitest"
import { createSharedStrings } from "./shared-strings.ts"

test("objects are what they were, whatever texts they hold and however many came before", () => {
  const share = createSharedStrings()
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const object = { value }
      const before = structuredClone(object)
      share(object)
      expect(object).toEqual(before)
    }),
  )
})

test("a text stays what it says where thousands take turns with it", () => {
  const share = createSharedStrings()
  for (let i = 0; i < 50_000; i++) {
    const object = {
      metadata: { name: `pod-${i}` },
      list: [`registry.example/shop/app:${i % 7}`, "ab", null],
    }
    share(object)
    expect(object.list[0]).toBe(`registry.example/shop/app:${i % 7}`)
  }
})
