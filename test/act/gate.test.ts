import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { CommandAction, CommandOutcome, CommandPayload } from "#shared/protocol/command.ts"
import { createAssertionCheck } from "#agent/act/assertion.ts"
import { createGate } from "#agent/act/gate.ts"
import { configMapPolicy } from "#agent/act/policy-source.ts"
import { systemClock } from "#agent/clock.ts"
import { silentLog } from "#agent/log.ts"
import { startIdentityProvider, type TestIdentityProvider } from "../../agent/test/identity-provider.ts"
import { applyOf, type Bed, openBed, type Process, refOf, route, rule } from "./bed.ts"

/** The owner's word against what a cloud may say: everything real from the signed command to the API server, and the policy in its ConfigMap. */

let bed: Bed
let agent: Process
let clock: { at: number }
beforeEach(async () => {
  clock = { at: Date.now() }
  bed = await openBed({
    gate: (api, signal) =>
      createGate({
        source: configMapPolicy(api, "smm-system"),
        assertions: createAssertionCheck({ clock: systemClock, signal }),
        clock: {
          ...systemClock,
          now: () => clock.at,
          sleep: (_, until) => systemClock.sleep(3_600_000, until),
        },
        signal,
        log: silentLog,
        changed: () => undefined,
      }),
  })
  bed.demo.store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "smm-system" } })
  await bed.put(route("reviews", { v1: 100 }))
  agent = await bed.start()
})
afterEach(() => bed.close())

const vs = "VirtualService.networking.istio.io"
const weight = (value: number) => ({
  object: refOf("VirtualService", "reviews"),
  patch: [{ op: "replace" as const, path: "/spec/http/0/route/0/weight", value }],
})

/** What the owner writes; an agent that knows another policy for less than 5 s asks again. */
async function policy(text: string): Promise<void> {
  bed.demo.store.apply({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "smm-agent-policy", namespace: "smm-system" },
    data: { "policy.yaml": text },
  })
  clock.at += 5_000
}

const by = (name: string, role: CommandPayload["caller"]["role"] = "operator"): Partial<CommandPayload> => ({
  caller: { kind: "user", id: "usr_1", name, role },
})
let changes = 0
const change = (...edits: Parameters<Bed["plan"]>): CommandAction =>
  applyOf(bed.plan(...edits), {
    changeId: `chg_01ARZ3NDEKTSV4RRFF${String((changes += 1)).padStart(8, "0")}`,
  })
const failureOf = (outcome: CommandOutcome) => ("failure" in outcome ? outcome.failure : null)
const refused = async (outcome: Promise<CommandOutcome>, code: string, words: RegExp): Promise<void> => {
  const found = await outcome
  const first =
    "steps" in found ? found.steps.find((step) => "code" in step && step.code !== null) : undefined
  const failure = failureOf(found) ?? (first && "code" in first ? first : null)
  expect(failure).toMatchObject({ code, message: expect.stringMatching(words) as string })
  expect(bed.writes).toEqual([])
}

const mapped = `
mode: mapped
identities:
  - { who: { member: root@example.com }, as: { user: root, groups: ["system:masters"] } }
  - { who: { role: operator }, as: { user: ann, groups: [mesh-editors] } }
allow:
  - { kinds: [${vs}], verbs: [patch], namespaces: [bookinfo] }
`

describe("whatever the cloud says", () => {
  test("a caller writes as whom the policy says, and Kubernetes is asked as that user", async () => {
    await policy(mapped)
    expect(await agent.run(change(weight(50)), by("zoe@example.com"))).toMatchObject({
      as: { user: "ann", groups: ["mesh-editors"] },
      steps: [{ state: "applied" }],
    })
    expect(bed.writes.map(({ as }) => as)).toEqual([{ user: "ann", groups: ["mesh-editors"] }])
  })

  test("who is mapped to nobody, or to system:masters, writes nothing", async () => {
    await policy(mapped)
    await refused(
      agent.run(change(weight(50)), by("v@example.com", "viewer")),
      "not_allowed",
      /maps v@example\.com \(viewer\) to nobody/,
    )
    await refused(
      agent.run(change(weight(50)), by("root@example.com", "operator")),
      "not_allowed",
      /maps root@example\.com/,
    )
  })

  test("a kind, a verb and a namespace outside of the allow-list are refused, with the line that would allow them", async () => {
    await policy(mapped)
    await refused(
      agent.run(change({ create: rule("reviews", ["v1"]) }), by("zoe@example.com")),
      "not_allowed",
      /does not allow create of DestinationRule\.networking\.istio\.io in namespace bookinfo.*- \{ kinds: \[DestinationRule/,
    )
    await refused(
      agent.run(change({ remove: refOf("VirtualService", "reviews") }), by("zoe@example.com")),
      "not_allowed",
      /does not allow delete of VirtualService/,
    )
  })

  test("without a policy, and when the owner switches it off, nothing is written", async () => {
    await refused(agent.run(change(weight(50)), by("zoe@example.com")), "not_allowed", /there is no policy/)
    await policy(mapped)
    expect(failureOf(await agent.run(change(weight(60)), by("zoe@example.com")))).toBeNull()
    bed.writes.length = 0
    await policy("mode: off")
    await refused(agent.run(change(weight(70)), by("zoe@example.com")), "not_allowed", /switched it off/)
  })
})

describe("a cloud that lies about the user, where the owner has pinned an identity provider", () => {
  let idp: TestIdentityProvider
  beforeAll(async () => {
    idp = await startIdentityProvider([
      { email: "ann@example.com", email_verified: true, groups: ["mesh-editors"] },
      { email: "bob@example.com", email_verified: true, groups: ["readers"] },
    ])
  })
  afterAll(() => idp.close())
  const pinned = (more = ""): string =>
    `{ mode: mapped, identityProvider: { issuer: "${idp.issuer}", audience: smm${more} }, allow: [{ kinds: [${vs}] }] }`

  test("gets nothing: without an assertion, with another user's, with an altered one", async () => {
    await policy(pinned())
    const send = (assertion: string | null) =>
      agent.run(change(weight(50)), { ...by("ann@example.com", "owner"), assertion })
    await refused(send(null), "assertion", /demands your own signed assertion/)
    await refused(
      send(await idp.signIn("bob@example.com")),
      "assertion",
      /is of "bob@example\.com", and the command of "ann@example\.com"/,
    )
    await refused(send(`${await idp.signIn("ann@example.com")}x`), "assertion", /signature/)
  })

  test("cannot make more of a user than the identity provider says: Kubernetes refuses Bob", async () => {
    await policy(pinned())
    const assertion = await idp.signIn("bob@example.com")
    const outcome = await agent.run(change(weight(50)), { ...by("bob@example.com", "owner"), assertion })
    expect(outcome).toMatchObject({
      as: { user: "bob@example.com", groups: ["readers"] },
      steps: [{ state: "failed", code: "forbidden" }],
    })
  })

  test("cannot use an assertion for anything else, when it is bound: the check tells what to ask for", async () => {
    await policy(pinned(", bindToChange: true"))
    const steps = bed.plan(weight(50))
    const check: CommandAction = { type: "check", conflicts: "ask", steps }
    const first = await idp.signIn("ann@example.com")
    const told = failureOf(await agent.run(check, { ...by("ann@example.com"), assertion: first }))
    const [, nonce = ""] = /the change's digest "([\w-]{43})"/.exec(told?.message ?? "") ?? []
    const assertion = await idp.signIn("ann@example.com", { nonce })
    await refused(
      agent.run(change(weight(99)), { ...by("ann@example.com"), assertion }),
      "assertion",
      /is not for this change/,
    )
    const apply = applyOf(steps, { changeId: "chg_01ARZ3NDEKTSV4RRFFQ69G5FAW" })
    expect(await agent.run(apply, { ...by("ann@example.com"), assertion })).toMatchObject({
      as: { user: "ann@example.com", groups: ["mesh-editors"] },
      steps: [{ state: "applied" }],
    })
    expect(bed.writes.map(({ as }) => as?.user)).toEqual(["ann@example.com"])
  })
})
