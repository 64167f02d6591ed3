import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { Change, ChangePreview } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"
import type { Intent } from "#shared/edit/intent.ts"
import { kubectl } from "#test/real/kube/kubectl.ts"
import { skipNote } from "#test/real/skip.ts"
import { type ActingBed, actingMissing, startActing, type Stored } from "./acting-bed.ts"
import type { KubeObject } from "./kube.ts"
import { until } from "./room.ts"
import { startWebhook, type Verdict, type Webhook } from "./webhook.ts"

const namespace = "bookinfo"
const istio = "networking.istio.io/v1"
const reviews = { namespace, name: "reviews" }
const shift = (weights: Record<string, number>): Intent => ({
  control: "shift",
  service: reviews,
  set: { weights },
})
const mirror: Intent = {
  control: "mirror",
  service: reviews,
  set: { mirrors: [{ destination: { subset: "v3" }, percent: 10 }] },
}
const route = (name: string): KubeObject => ({
  apiVersion: istio,
  kind: "VirtualService",
  metadata: { name, namespace },
  spec: { hosts: [name], http: [{ timeout: "3s", route: [{ destination: { host: name } }] }] },
})
const sidecar: KubeObject = {
  apiVersion: istio,
  kind: "Sidecar",
  metadata: { name: "default", namespace },
  spec: { egress: [{ hosts: ["./*", "istio-system/*"] }] },
}
const policy: KubeObject[] = [
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: "weights" },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ["networking.istio.io"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["virtualservices"],
          },
        ],
      },
      validations: [
        {
          expression:
            "!has(object.spec.http) || object.spec.http.all(rule, !has(rule.route) || rule.route.all(to, !has(to.weight) || to.weight <= 90))",
          message: "no version may take more than 90 %",
        },
      ],
    },
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name: "weights" },
    spec: { policyName: "weights", validationActions: ["Deny"] },
  },
]

type Gate = { reached: Promise<void>; open(verdict: Verdict): void; verdict: Webhook["verdict"] }

/** Holds the first write of a kind until it is opened; then everything is answered so. What is only tried passes. */
function gateAt(kind: string): Gate {
  const reached = Promise.withResolvers<undefined>()
  const opened = Promise.withResolvers<Verdict>()
  return {
    reached: reached.promise,
    open: opened.resolve,
    verdict(review) {
      if (review.dryRun || review.kind.kind !== kind) return true
      reached.resolve(undefined)
      return opened.promise
    },
  }
}

const never = new Promise<Verdict>(() => undefined)

describe.skipIf(skipNote("e2e: faults while acting on a real API server", actingMissing()))(
  "a change on a real API server, when something is in its way",
  { timeout: 120_000 },
  () => {
    let bed: ActingBed
    let cleo: Client
    let slow: Webhook
    let impatient: Webhook

    beforeAll(async () => {
      bed = await startActing()
      cleo = await bed.token("cleo", "operator")
      ;[slow, impatient] = await Promise.all([
        startWebhook(bed.kube, { name: "slow.example.com", namespace, timeoutSeconds: 30 }),
        startWebhook(bed.kube, { name: "impatient.example.com", namespace, timeoutSeconds: 1 }),
      ])
    })
    afterAll(async () => {
      await slow?.stop()
      await impatient?.stop()
      await bed?.stop()
    })
    afterEach(async () => {
      for (const webhook of [slow, impatient]) webhook.verdict = () => true
      await bed.restore()
    })

    const preview = (client: Client, intent: Intent): Promise<ChangePreview> =>
      client.call("previewChange", { query: {}, body: { intent, clusters: [bed.cluster] } })
    const apply = (client: Client, intent: Intent, digest?: string): Promise<Change> =>
      client.call("createChange", {
        body: { intent, clusters: [bed.cluster], ...(digest === undefined ? {} : { digest }) },
      })
    const change = (changeId: string): Promise<Change> =>
      bed.owner.call("getChange", { params: { change: changeId } })
    /** The one that somebody has begun, or anybody. */
    const begun = (by = ""): Promise<Change> =>
      until(`a change under way ${by}`, async () => {
        const { items } = await bed.owner.call("listChanges", { query: { by } })
        return items.find(({ state }) => state === "running")
      })
    const ended = (changeId: string): Promise<Change> =>
      until("the end of the change", async () => {
        const now = await change(changeId)
        return now.state === "running" ? undefined : now
      })
    const states = ({ steps }: Change) => steps.map(({ outcome }) => outcome?.state)
    /** What the objects say, whoever wrote it. */
    const said = (objects: readonly Stored[]) =>
      objects.map(({ kind, metadata: { name, labels }, spec }) => ({ kind, name, labels, spec }))
    const untouched = async () => expect(await bed.objects()).toEqual(bed.baseline)

    test("what an admission policy refuses is refused in the preview already, with the policy's own words", async () => {
      for (const object of policy) await bed.kube.create(object)
      const words = expect.stringContaining("no version may take more than 90 %") as string
      const asked = await until("the policy to be in force", async () => {
        const seen = await preview(bed.owner, shift({ v1: 95, v2: 5 }))
        return seen.clusters[0]?.check?.dryRun[0]?.state === "refused" ? seen : undefined
      })
      expect(asked.clusters[0]?.check?.dryRun).toMatchObject([{ code: "refused", message: words }])
      const refused = await apply(bed.owner, shift({ v1: 95, v2: 5 }))
      expect(refused).toMatchObject({
        state: "failed",
        clusters: [{ failure: { code: "refused", message: words } }],
        steps: [{ outcome: { state: "failed" } }],
      })
      await untouched()
      expect((await apply(bed.owner, shift({ v1: 90, v2: 10 }))).state).toBe("applied")
      await kubectl(bed.plane, [
        "delete",
        "validatingadmissionpolicybinding,validatingadmissionpolicy",
        "weights",
      ])
    })

    test("a webhook that does not answer in time is named; what it was asked about is as before, and can be tried again", async () => {
      impatient.verdict = () => never
      const intent = shift({ v1: 50, v2: 50 })
      const words = expect.stringMatching(
        /admission webhook impatient\.example\.com did not answer/,
      ) as string
      const seen = await preview(bed.owner, intent)
      expect(seen.clusters[0]?.check?.dryRun).toMatchObject([
        { state: "unknown", code: "unavailable", message: words },
      ])
      const failed = await apply(bed.owner, intent)
      expect(failed).toMatchObject({
        state: "failed",
        clusters: [{ failure: { code: "unavailable", message: words } }],
      })
      await untouched()
      impatient.verdict = () => true
      expect((await apply(bed.owner, intent)).state).toBe("applied")
    })

    test("of two people who edit one object the second is told, sees what the first did, and applies on top of it", async () => {
      const [first, second] = [
        await preview(bed.owner, shift({ v1: 50, v2: 50 })),
        await preview(cleo, mirror),
      ]
      expect((await apply(bed.owner, shift({ v1: 50, v2: 50 }), first.digest)).state).toBe("applied")
      await expect(apply(cleo, mirror, second.digest)).rejects.toMatchObject({ code: "change.outdated" })
      const again = await preview(cleo, mirror)
      expect(JSON.stringify(again.steps[0]?.before)).toContain('"weight":50')
      expect(await apply(cleo, mirror, again.digest)).toMatchObject({
        state: "applied",
        clusters: [{ as: { user: "cleo" } }],
      })
      expect((await bed.object("VirtualService", "reviews"))?.spec).toMatchObject({
        http: [{ route: [{ weight: 50 }, { weight: 50 }], mirrors: [{ percentage: { value: 10 } }] }],
      })
    })

    test("of two who apply at the same moment the second is refused by the version of the object, and loses nothing of the first", async () => {
      const gate = gateAt("VirtualService")
      slow.verdict = gate.verdict
      const first = apply(bed.owner, shift({ v1: 50, v2: 50 }))
      await gate.reached
      const second = apply(cleo, mirror)
      const { changeId } = await begun("cleo")
      gate.open(true)
      expect((await first).state).toBe("applied")
      expect(await second).toMatchObject({
        changeId,
        state: "failed",
        clusters: [{ failure: { code: "outdated" } }],
      })
      const now = JSON.stringify((await bed.object("VirtualService", "reviews"))?.spec)
      expect(now).toContain('"weight":50')
      expect(now).not.toContain("mirror")
    })

    test("a kind that is gone between preview and its write stops the change there; what was done is told, and undone", async () => {
      const intent: Intent = { control: "objects", put: [route("details"), sidecar], remove: [] }
      const seen = await preview(bed.owner, intent)
      expect(seen.clusters[0]?.check?.dryRun.map(({ state }) => state)).toEqual(["passed", "passed"])
      const definition = "crd/sidecars.networking.istio.io"
      const kept = await kubectl(bed.plane, ["get", definition, "-o", "json"])

      const gate = gateAt("VirtualService")
      slow.verdict = gate.verdict
      const applying = apply(bed.owner, intent, seen.digest)
      await gate.reached
      await kubectl(bed.plane, ["delete", definition])
      const path = `/apis/${istio}/namespaces/${namespace}/sidecars`
      await until("an API server that does not serve it", async () => {
        const answer = await bed.kube.call("GET", path).catch((error: unknown) => String(error))
        return String(answer).includes("answered 404") ? true : undefined
      })
      gate.open(true)
      const partly = await applying
      expect(partly).toMatchObject({
        state: "partly",
        clusters: [{ failure: { code: "kind_gone", message: expect.stringContaining("Sidecar") as string } }],
      })
      expect(states(partly)).toEqual(["applied", "failed"])
      const undone = await apply(bed.owner, { control: "undo", changeId: partly.changeId })
      expect(undone.state).toBe("applied")
      expect((await change(partly.changeId)).state).toBe("undone")
      expect(await bed.object("VirtualService", "details")).toBeUndefined()

      const isServed = async () => {
        const { kinds } = await bed.owner.call("getCluster", { params: { cluster: bed.cluster } })
        return kinds.find(({ kind }) => kind.startsWith("Sidecar."))?.state
      }
      await until("the cloud to know", async () => ((await isServed()) === "absent" ? true : undefined))
      await expect(apply(bed.owner, intent, seen.digest)).rejects.toThrow(/Sidecar/)
      const { spec, apiVersion, kind, metadata } = JSON.parse(kept) as KubeObject
      await bed.kube.create({ apiVersion, kind, metadata: { name: metadata.name }, spec: spec ?? {} })
      await until("it served again", async () => ((await isServed()) === "live" ? true : undefined))
    })

    const three: Intent = {
      control: "objects",
      put: [
        {
          apiVersion: istio,
          kind: "DestinationRule",
          metadata: { name: "ratings", namespace, labels: { team: "ratings" } },
          spec: {
            host: "ratings",
            subsets: ["v1", "v2", "v2-mysql", "v2-mysql-vm"].map((name) => ({
              name,
              labels: { version: name },
            })),
            trafficPolicy: { loadBalancer: { simple: "RANDOM" } },
          },
        },
        route("details"),
        route("ratings"),
      ],
      remove: [],
    }
    /** Kills the API server while it is at the second of three objects, and starts it again. */
    async function killedAmid(verdict: Verdict): Promise<Change> {
      const gate = gateAt("VirtualService")
      slow.verdict = gate.verdict
      const applying = apply(bed.owner, three)
      await gate.reached
      await bed.plane.kill()
      gate.open(verdict)
      const { changeId } = await begun()
      await bed.plane.restart()
      await applying
      return ended(changeId)
    }

    test("an API server that dies after the first of three objects, and then refuses: what was done is shown, and undone", async () => {
      const partly = await killedAmid("no routes today")
      expect(partly.state).toBe("partly")
      expect(states(partly)).toEqual(["applied", "failed", "skipped"])
      expect(partly.clusters[0]?.failure).toMatchObject({
        code: "refused",
        message: expect.stringMatching(/slow\.example\.com refuses it: no routes today/) as string,
      })
      expect((await bed.object("DestinationRule", "ratings"))?.metadata.labels).toEqual({ team: "ratings" })
      slow.verdict = () => true
      const undone = await apply(bed.owner, { control: "undo", changeId: partly.changeId })
      expect(undone.state).toBe("applied")
      expect(await change(partly.changeId)).toMatchObject({ state: "undone", undoneBy: undone.changeId })
      expect(said(await bed.objects())).toEqual(said(bed.baseline))
    })

    test("an API server that dies after the first of three objects, and comes back: the change is carried on, each object once", async () => {
      const before = (await bed.audited()).length
      const applied = await killedAmid(true)
      expect(applied.clusters[0]?.failure).toBeNull()
      expect(applied.state).toBe("applied")
      expect(states(applied)).toEqual(["applied", "applied", "applied"])
      const done = (await bed.audited())
        .slice(before)
        .filter(({ responseStatus }) => (responseStatus?.code ?? 500) < 300)
      expect(done.map(({ verb, objectRef }) => [verb, objectRef?.resource, objectRef?.name])).toEqual(
        applied.steps.map(({ verb, object }) => [
          verb,
          `${(object.kind.split(".")[0] ?? "").toLowerCase()}s`,
          object.name,
        ]),
      )
    })
  },
)
