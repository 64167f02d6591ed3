import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { KubeObject } from "#shared/kube/object.ts"
import { limits } from "#shared/protocol/limits.ts"
import { type Patch, cut } from "./patch.ts"

type Objects = Extract<Patch, { type: "objects" }>

const object = (name: string, size: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "shop" },
  filler: "ü".repeat(size),
})

describe("a patch in pieces", () => {
  test("says all that the whole said, each once, in order, each piece below a frame", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6_000 }), { maxLength: 8 }),
        fc.integer({ min: 0, max: 300 }),
        (sizes, removed) => {
          const put = sizes.map((size, i) => ({ cluster: "cls", object: object(`p${i}`, size) }))
          const remove = Array.from({ length: removed }, (_, i) => ({
            cluster: "cls",
            kind: "Pod",
            namespace: "shop",
            name: `gone-${i}`,
          }))
          const pieces = cut({ type: "objects", put, remove }) as Objects[] | undefined
          if (!pieces) return
          expect(pieces.flatMap((piece) => piece.put)).toEqual(put)
          expect(pieces.flatMap((piece) => piece.remove)).toEqual(remove)
          for (const piece of pieces)
            expect(Buffer.byteLength(JSON.stringify(piece))).toBeLessThanOrEqual(limits.cutBytes)
        },
      ),
    )
  })

  test("is none when one object alone is larger than a frame, or there are too many pieces", () => {
    const large = { cluster: "cls", object: object("large", 20_000) }
    expect(cut({ type: "objects", put: [large], remove: [] })).toBeUndefined()
    const many = Array.from({ length: 40 }, (_, i) => ({ cluster: "cls", object: object(`p${i}`, 3_000) }))
    expect(cut({ type: "objects", put: many, remove: [] })).toBeUndefined()
  })
})
