import { describe, expect, test } from "vitest"
import { prod, smm } from "../change/fixture.ts"

const code = "virtualservice.subset_unknown"
const findingAt = (name: string, edits: unknown[] | null) => ({
  cluster: prod,
  clusterName: "prod",
  code,
  level: "error",
  message: "m",
  object: { kind: "VirtualService.networking.istio.io", namespace: "bookinfo", name },
  path: "spec",
  references: [],
  fix: edits && { title: "Add the subset", edits },
  since: 0,
  stale: false,
  suppressed: null,
})
const remove = { remove: { kind: "Sidecar.networking.istio.io", namespace: "bookinfo", name: "x" } }
const found = (...items: object[]) => ({ listFindings: () => ({ items }) as never })

describe("smm fix", () => {
  test("makes the edits that a finding carries, in its cluster", async () => {
    const answers = found(findingAt("a", [remove]), findingAt("b", null))
    const { code: exit, bodyOf } = await smm(`fix ${code} --yes`, answers)
    expect(exit).toBe(0)
    expect(bodyOf("createChange")).toMatchObject({
      intent: { control: "fix", code, edits: [remove] },
      clusters: [prod],
    })
  })

  test.each([
    [`fix ${code} --yes`, found(), 4, "nothing of virtualservice.subset_unknown is found"],
    [`fix ${code} --yes`, found(findingAt("a", null)), 4, "has no certain fix here"],
    [
      `fix ${code} --yes`,
      found(findingAt("a", [remove]), findingAt("b", [remove])),
      2,
      "say at which object (NAMESPACE/NAME) and --cluster: prod: VirtualService bookinfo/a spec",
    ],
    [`fix ${code} bookinfo/c --yes`, found(findingAt("a", [remove])), 4, 'is found at "bookinfo/c"'],
    ["fix no.such_code --yes", found(), 4, 'no rule has the code "no.such_code"'],
  ])("%s is refused when it is not one", async (line, answers, exit, words) => {
    const { code: got, err, calls } = await smm(line, answers)
    expect(err).toContain(words)
    expect(got).toBe(exit)
    expect(calls).not.toContain("createChange")
  })
})
