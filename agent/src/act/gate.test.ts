import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Caller } from "#shared/protocol/command.ts"
import { createTestClock, type TestClock } from "../../test/clock.ts"
import { type KubeApi, type KubeCall, KubeError } from "../cluster/api.ts"
import { silentLog } from "../log.ts"
import type { AssertionCheck } from "./assertion.ts"
import { createGate, type Gate } from "./gate.ts"
import { configMapPolicy, filePolicy, noPolicySource, type PolicySource } from "./policy-source.ts"

const vs = "VirtualService.networking.istio.io"
const mapped = `{ mode: mapped, identities: [{ who: { role: operator }, as: { user: ana, groups: [sre] } }], allow: [{ kinds: [${vs}] }] }`
const caller: Caller = { kind: "user", id: "usr_1", name: "ana@example.com", role: "operator" }
const asking = { caller, assertion: null, digest: "d" }
const ref = { kind: vs, namespace: "shop", name: "cart" }

let stop: AbortController
let clock: TestClock
beforeEach(() => {
  stop = new AbortController()
  clock = createTestClock()
})
afterEach(() => stop.abort())

const noAssertions: AssertionCheck = {
  check: (provider, { assertion }) =>
    Promise.resolve({ failure: { code: "assertion", message: `${provider.issuer} ${assertion ?? "none"}` } }),
}

function gateOf(source: PolicySource): { gate: Gate; changed: () => number } {
  let changes = 0
  const gate = createGate({
    source,
    assertions: noAssertions,
    clock,
    signal: stop.signal,
    log: silentLog,
    changed: () => void changes++,
  })
  return { gate, changed: () => changes }
}

/** The ConfigMap of an API server; what `answer` throws, that refuses. */
function configMap(answer: () => unknown): { source: PolicySource; calls: KubeCall[] } {
  const calls: KubeCall[] = []
  const api = {
    json(call: KubeCall) {
      calls.push(call)
      return new Promise((resolve) => resolve(answer()))
    },
  } as KubeApi
  return { source: configMapPolicy(api, "smm-system"), calls }
}
const holding = (text: string) => ({ data: { "policy.yaml": text } })

describe("the gate", () => {
  test("reads one ConfigMap by its name in the agent's namespace, and only reads", async () => {
    const { source, calls } = configMap(() => holding(mapped))
    const { gate } = gateOf(source)
    expect(await gate.admit(asking)).toEqual({ as: { user: "ana", groups: ["sre"] } })
    expect(gate.allows("patch", ref)).toBeNull()
    expect(gate.allows("patch", { ...ref, kind: "Sidecar.networking.istio.io" })?.code).toBe("not_allowed")
    expect(calls.map(({ method = "GET", path }) => `${method} ${path}`)).toEqual([
      "GET /api/v1/namespaces/smm-system/configmaps/smm-agent-policy",
    ])
    expect(gate.state()).toEqual({
      mode: "mapped",
      reason: "",
      problems: [],
      identityProvider: null,
      kinds: [vs],
    })
  })

  test("refuses before anything was read", () => {
    const { gate } = gateOf({ ...noPolicySource, read: () => new Promise(() => undefined) })
    expect(gate.state()).toMatchObject({
      mode: "off",
      reason: expect.stringMatching(/not read yet/) as string,
    })
    expect(gate.allows("patch", ref)).toMatchObject({ code: "not_allowed" })
  })

  test("follows the owner: what is older than 5 s is read again at a command", async () => {
    let text = mapped
    const { source, calls } = configMap(() => holding(text))
    const { gate, changed } = gateOf(source)
    await gate.admit(asking)
    expect(changed()).toBe(1)
    text = "mode: off"
    clock.advance(4_999)
    expect(await gate.admit(asking)).toHaveProperty("as")
    clock.advance(1)
    expect(await gate.admit(asking)).toMatchObject({ failure: { code: "not_allowed" } })
    expect(changed()).toBe(2)
    const read = calls.length
    await Promise.all([gate.admit(asking), gate.admit(asking)])
    expect(calls).toHaveLength(read)
  })

  test("says where the missing identity would be written", async () => {
    const { gate } = gateOf(configMap(() => holding(mapped)).source)
    expect(
      await gate.admit({ ...asking, caller: { ...caller, kind: "token", name: "ci", role: "viewer" } }),
    ).toEqual({
      failure: {
        code: "not_allowed",
        message:
          'the policy of this cluster maps the token ci (viewer) to nobody in Kubernetes; its owner would add under identities in the ConfigMap smm-agent-policy: - { who: { token: "ci" }, as: { user: USER, groups: [GROUP] } }',
      },
    })
  })

  test("lets nobody be himself in try-out mode, but within the allow-list", async () => {
    const { gate } = gateOf(
      configMap(() => holding(`{ mode: anonymous, allow: [{ kinds: [${vs}] }] }`)).source,
    )
    expect(await gate.admit(asking)).toEqual({ as: null })
    expect(gate.allows("delete", ref)).toBeNull()
    expect(gate.allows("delete", { ...ref, kind: "Gateway.networking.istio.io" })).not.toBeNull()
  })

  test("leaves it to the pinned identity provider who is who", async () => {
    const text = `{ mode: mapped, identityProvider: { issuer: "https://idp.example", audience: smm }, allow: [{ kinds: [${vs}] }] }`
    const { gate } = gateOf(configMap(() => holding(text)).source)
    expect(await gate.admit({ ...asking, assertion: "a.b.c" })).toEqual({
      failure: { code: "assertion", message: "https://idp.example a.b.c" },
    })
    expect(gate.state().identityProvider).toEqual({
      issuer: "https://idp.example",
      audience: "smm",
      bindToChange: false,
    })
  })

  test("tells of lines that it does not follow", async () => {
    const text = mapped.replace("ana,", '"system:admin",')
    const { gate } = gateOf(configMap(() => holding(text)).source)
    expect(await gate.admit(asking)).toMatchObject({ failure: { code: "not_allowed" } })
    expect(gate.state().problems[0]).toMatch(/"system:admin" is Kubernetes' own/)
  })
})

describe("a policy that cannot be read", () => {
  const forbidden = () => {
    throw new KubeError(403, "Forbidden", "configmaps is forbidden")
  }

  test("counts for 60 s as it was, then nothing may be written, until it can be read again", async () => {
    let answer: () => unknown = () => holding(mapped)
    const { source } = configMap(() => answer())
    const { gate } = gateOf(source)
    await gate.admit(asking)
    answer = forbidden
    clock.advance(59_999)
    expect(await gate.admit(asking)).toHaveProperty("as")
    clock.advance(1)
    expect(gate.allows("patch", ref)?.message).toMatch(
      /refused until the policy .* can be read again: configmaps is forbidden/,
    )
    expect(await gate.admit(asking)).toMatchObject({ failure: { code: "not_allowed" } })
    expect(gate.state().mode).toBe("off")
    answer = () => holding(mapped)
    expect(await gate.admit(asking)).toHaveProperty("as")
  })

  test("from the start allows nothing", async () => {
    const { gate } = gateOf(configMap(forbidden).source)
    expect(await gate.admit(asking)).toMatchObject({
      failure: { message: expect.stringMatching(/wants the right to get it/) as string },
    })
  })

  test.each<[string, PolicySource | "missing" | "empty", RegExp]>([
    [
      "with no ConfigMap",
      "missing",
      /kubectl -n smm-system create configmap smm-agent-policy --from-file=policy\.yaml/,
    ],
    ["with a ConfigMap without the document", "empty", /create configmap smm-agent-policy/],
    ["without a namespace", noPolicySource, /--namespace.*--policy FILE/],
  ])("%s is off, and says how to switch it on", async (_, given, words) => {
    const { source } =
      typeof given === "object"
        ? { source: given }
        : configMap(() => {
            if (given === "missing") throw new KubeError(404, "NotFound", "not found")
            return { data: {} }
          })
    const { gate } = gateOf(source)
    await gate.admit(asking)
    expect(gate.state()).toMatchObject({ mode: "off", reason: expect.stringMatching(words) as string })
  })
})

test("a policy in a file is followed the same way", async () => {
  const folder = await mkdtemp(join(tmpdir(), "smm-policy-"))
  try {
    const file = join(folder, "policy.yaml")
    const { gate } = gateOf(filePolicy(file))
    await gate.admit(asking)
    expect(gate.state().reason).toMatch(/there is no file .*policy\.yaml/)
    await writeFile(file, mapped)
    clock.advance(6_000)
    await vi.waitFor(() => expect(gate.state().mode).toBe("mapped"))
  } finally {
    await rm(folder, { recursive: true })
  }
})
