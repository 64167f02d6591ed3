import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { services } from "./family.ts"

const told = (yaml: string): string[] =>
  validateYaml(yaml, { families: [services] }).map(
    (finding) => `${finding.code} ${finding.object.name} ${finding.path}: ${finding.message}`,
  )

describe("two default Sidecars in a namespace", () => {
  test("are told of both", () => {
    expect(
      told(`
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: a, namespace: shop }
spec: {}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: b, namespace: shop }
spec: {}
`),
    ).toEqual([
      "sidecar.default_conflict a : b is for the whole of namespace shop too; this one is the oldest and is taken",
      "sidecar.default_conflict b : a is for the whole of namespace shop too; a is taken",
    ])
  })
})
