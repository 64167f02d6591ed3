import { expect, test } from "vitest"
import { seesNamespace, seesObject } from "./sight.ts"

test.each([
  [null, "bookinfo", true],
  [["bookinfo"], "bookinfo", true],
  [["bookinfo"], "bookinfo-2", false],
  [["team-a-*"], "team-a-web", true],
  [["team-a-*"], "team-b-web", false],
  [["*"], "anything", true],
  [[], "bookinfo", false],
  [[], "", true],
])("with %j the namespace %j is seen: %s", (sight, namespace, seen) => {
  expect(seesNamespace(sight, namespace)).toBe(seen)
})

test("a namespace is seen by its own name", () => {
  const namespace = { kind: "Namespace", namespace: "", name: "vault" }
  expect([seesObject(["shop"], namespace), seesObject(["vault"], namespace)]).toEqual([false, true])
})
