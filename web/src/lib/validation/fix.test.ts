import { describe, expect, test } from "vitest"
import fc from "fast-check"
import type { FindingItem, SuppressionRule } from "#shared/api/validation.ts"
import { annotateCommand, annotationOf, commandOf } from "./command.ts"
import { diffOf } from "./diff.ts"
import { objectText, untilOf, wishFor } from "./wish.ts"

const ref = { kind: "VirtualService.networking.istio.io", namespace: "shop", name: "search" }
const object = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "search", namespace: "shop" },
  spec: { http: [{ route: [{ destination: { host: "search", subset: "v3" } }] }] },
}
const path = "/spec/http/0/route/0/destination/subset"
const known = () => object
const yamlOf = () => "kind: A\n"

describe("a fix as a line for kubectl", () => {
  test("patches only what is still as it was found", () => {
    const edit = { object: ref, patch: [{ op: "replace", path, value: "it's" } as const] }
    expect(commandOf(edit, known, yamlOf)).toBe(
      `kubectl patch virtualservice.networking.istio.io search -n shop --type=json -p ` +
        `'[{"op":"test","path":"${path}","value":"v3"},{"op":"replace","path":"${path}","value":"it'\\''s"}]'`,
    )
  })

  test("adds without a guard, creates from YAML, and deletes", () => {
    const add = { object: ref, patch: [{ op: "add", path: "/spec/x", value: 1 } as const] }
    expect(commandOf(add, known, yamlOf)).not.toContain("test")
    expect(commandOf({ create: object }, known, yamlOf)).toBe("kubectl apply -f - <<'EOF'\nkind: A\nEOF")
    expect(commandOf({ remove: { ...ref, namespace: "" } }, known, yamlOf)).toBe(
      "kubectl delete virtualservice.networking.istio.io search",
    )
  })
})

describe("an annotation that suppresses", () => {
  test("keeps what stands there, and says each code once", () => {
    expect(annotationOf("a.b", undefined)).toBe("a.b")
    expect(annotationOf("a.b", "2026-12-31", "x.y, a.b until 2026-01-01")).toBe("x.y, a.b until 2026-12-31")
    expect(annotateCommand(ref, "a.b")).toContain("--overwrite 'smm.io/suppress=a.b'")
  })
})

describe("a wish of the organization", () => {
  const finding = { code: "a.b", object: ref, path: "" } as FindingItem
  const wish = (more: Partial<SuppressionRule>): SuppressionRule => ({
    suppressionId: "sup_1",
    code: "a.b",
    object: "",
    until: null,
    reason: "",
    createdBy: "ada",
    createdAt: 0,
    ...more,
  })
  const rules = { "a.b": { aliases: ["IST0001"], title: "", effect: "", remedy: "" } }

  test("is found by code, alias and object, while it holds", () => {
    const of = (more: Partial<SuppressionRule>) => wishFor(finding, [wish(more)], rules, 1_000)
    expect(of({})).toBeDefined()
    expect(of({ code: "IST0001", object: "shop/*" })).toBeDefined()
    expect(of({ object: objectText(ref) })).toBeDefined()
    expect(of({ object: "VirtualService other/search" })).toBeUndefined()
    expect(of({ until: 500 })).toBeUndefined()
  })

  test("ends after a day, after seven, or never", () => {
    expect([untilOf("day", 0), untilOf("week", 0), untilOf("ever", 0)]).toEqual([
      86_400_000,
      604_800_000,
      null,
    ])
  })
})

describe("a difference", () => {
  const said = (a: string, b: string): string[] =>
    diffOf(a, b).map(({ type, text }) => `${{ same: " ", add: "+", del: "-", gap: "~" }[type]}${text}`)

  test("shows what changes with a line around it", () => {
    expect(said("a\nb\nc\nd\ne\nf\n", "a\nb\nx\nd\ne\nf\n")).toEqual([" b", "-c", "+x", " d"])
    expect(said("a\nb\nc\nd\ne\n", "x\nb\nc\nd\ny\n")).toEqual(["-a", "+x", " b", "~", " d", "-e", "+y"])
    expect(said("", "a\n")).toEqual(["+a"])
    expect(said("a\n", "a\n")).toEqual([])
  })

  test("leads from the one text to the other, whatever they are", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 30 })
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const diff = diffOf(a.join("\n"), b.join("\n"), 100)
        if (a.join() === b.join()) {
          expect(diff).toEqual([])
          return
        }
        expect(diff.filter(({ type }) => type !== "add").map(({ text }) => text)).toEqual(a)
        expect(diff.filter(({ type }) => type !== "del").map(({ text }) => text)).toEqual(b)
      }),
    )
  })
})
