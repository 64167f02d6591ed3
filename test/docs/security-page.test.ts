import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { identityOf } from "#shared/act/identity.ts"
import { readPolicy } from "#shared/act/read-policy.ts"

const page = readFileSync(join(fileURLToPath(new URL("../..", import.meta.url)), "docs/security.md"), "utf8")
const policies = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text)

describe("the policies that docs/security.md shows", () => {
  test("are two, and each is followed as it stands", () => {
    expect(policies).toHaveLength(2)
    for (const text of policies) {
      const { policy, problems, reason } = readPolicy(text)
      expect([problems, reason, policy.mode]).toEqual([[], "", "mapped"])
    }
  })

  test("say what the page says of them", () => {
    const [mapped, pinned] = policies.map((text) => readPolicy(text).policy)
    const intern = { kind: "user", id: "u", name: "intern@example.com", role: "operator" } as const
    expect(mapped && identityOf(mapped, intern)).toBeNull()
    expect(mapped && identityOf(mapped, { ...intern, name: "Ana@Example.com" })?.groups).toEqual([
      "mesh-editors",
      "sre",
    ])
    expect(pinned?.identityProvider?.groups).toEqual(["oidc:mesh-editors", "oidc:mesh-admins"])
  })
})
