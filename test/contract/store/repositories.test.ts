import { randomBytes } from "node:crypto"
import { pino } from "pino"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { emptySum, moveSum, objectHash } from "#shared/kube/bucket.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { createSigner, newKeyRing } from "#cloud/auth/signer.ts"
import { type Cloud, hashOf, newId, newSecret } from "#cloud/cloud.ts"
import { factsOfCluster } from "#cloud/mesh/memory.ts"
import { Clusters } from "#cloud/store/cluster.ts"
import { each } from "#cloud/store/each.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { key } from "#cloud/store/key.ts"
import { Organizations } from "#cloud/store/organization.ts"
import { Secret } from "#cloud/store/secret.ts"
import { createTable, ensureTable } from "#cloud/store/table.ts"
import { Ticks } from "#cloud/store/tick.ts"
import { createFakeSockets } from "#test/cloud/harness.ts"
import { skipNote } from "#test/real/skip.ts"
import { backends } from "./backends.ts"

const service = (name: string, namespace = "shop", port = 80): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, labels: { app: name } },
  spec: { selector: { app: name }, ports: [{ name: "http", port }] },
})
const sumOf = (objects: KubeObject[]) =>
  objects.reduce((sum, object) => moveSum(sum, undefined, objectHash(object)), emptySum)
const bucket = (
  objects: KubeObject[],
  range: Partial<Inventory.BucketRange> = {},
): Inventory.BucketRange => ({
  kind: "Service",
  namespace: "shop",
  after: "",
  upTo: null,
  objects,
  ...range,
})

for (const backend of backends)
  describe.skipIf(skipNote(`store contract on ${backend.name}`, backend.missing))(
    `the repositories on ${backend.name}`,
    () => {
      let close: () => Promise<void>
      let cloud: Cloud
      let at = 1_795_521_600_000
      const newOwner = (): Inventory.Owner => ({ organizationId: newId("org"), clusterId: newId("cls") })

      beforeAll(async () => {
        const opened = await backend.open()
        close = opened.close
        const name = `r-${randomBytes(6).toString("hex")}`
        await ensureTable(opened.client, name)
        cloud = {
          table: createTable({ client: opened.client, name, now: () => at }),
          sockets: createFakeSockets(),
          now: () => at,
          publicUrl: "http://127.0.0.1",
          socketUrl: "ws://127.0.0.1",
          origins: [],
          agentImage: "agent",
          signer: createSigner(newKeyRing()),
          log: pino({ level: "silent" }),
        }
      })
      afterAll(async () => {
        await close()
      })

      test("live changes of many writers at once leave the exact sum", async () => {
        const owner = newOwner()
        const objects = Array.from({ length: 64 }, (_, i) => service(`s${i}`))
        await Promise.all(
          objects.map((object, i) =>
            Inventory.applyDelta(cloud, owner, i + 1, { put: [object], remove: [] }),
          ),
        )
        expect(await Inventory.readSum(cloud, owner, "Service", "shop")).toEqual(sumOf(objects))
        const changed = objects.map((object, i) => (i % 2 ? service(`s${i}`, "shop", 8080) : object))
        const gone = objects.slice(0, 10).map(({ metadata }) => metadata.name)
        await Inventory.applyDelta(cloud, owner, 100, {
          put: changed,
          remove: gone.map((name) => ({ kind: "Service", namespace: "shop", name })),
        })
        expect(await Inventory.readSum(cloud, owner, "Service", "shop")).toEqual(sumOf(changed.slice(10)))
        expect(await Inventory.sums(cloud, owner)).toHaveLength(1)
      })

      test("an emptied bucket leaves nothing", async () => {
        const owner = newOwner()
        await Inventory.applyDelta(cloud, owner, 1, { put: [service("a")], remove: [] })
        const ref = { kind: "Service", namespace: "shop", name: "a" }
        const changes = await Inventory.applyDelta(cloud, owner, 2, { put: [], remove: [ref] })
        expect(changes.remove).toEqual([ref])
        expect(changes.facts.remove).toEqual(["Service/shop/a"])
        expect(await Inventory.sums(cloud, owner)).toEqual([])
        expect(await Inventory.facts(cloud, owner)).toEqual([])
      })

      test("an older writer overwrites nothing of a newer one", async () => {
        const owner = newOwner()
        await Inventory.applyDelta(cloud, owner, 9, { put: [service("a", "shop", 9)], remove: [] })
        const late = await Inventory.applyDelta(cloud, owner, 3, {
          put: [service("a", "shop", 3)],
          remove: [],
        })
        expect(late).toEqual(Inventory.noChanges())
        const found = await Inventory.read(cloud, owner, { kind: "Service", namespace: "shop", name: "a" })
        expect(found?.object).toEqual(service("a", "shop", 9))
      })

      test("the ranges of a bucket make it equal to what the agent has, and only differences are told", async () => {
        const owner = newOwner()
        const before = ["a", "b", "c", "d"].map((name) => service(name))
        await Inventory.applyBucket(cloud, owner, 1, bucket(before))
        const [a, , c] = before as [KubeObject, KubeObject, KubeObject]
        const b = service("b", "shop", 1)
        const e = service("e")
        const first = await Inventory.applyBucket(cloud, owner, 2, bucket([a, b], { upTo: "b" }))
        expect(first.put).toEqual([b])
        const second = await Inventory.applyBucket(cloud, owner, 3, bucket([c, e], { after: "b" }))
        expect(second.put).toEqual([e])
        expect(second.remove).toEqual([{ kind: "Service", namespace: "shop", name: "d" }])
        expect(await Inventory.all(cloud, owner, "Service")).toEqual([a, b, c, e])
        expect(await Inventory.readSum(cloud, owner, "Service", "shop")).toEqual(sumOf([a, b, c, e]))
        expect((await Inventory.facts(cloud, owner)).map(({ id }) => id)).toEqual(
          ["a", "b", "c", "e"].map((name) => `Service/shop/${name}`),
        )
      })

      test("facts that a killed writer left out come with the next comparison, and memory is not believed", async () => {
        const owner = newOwner()
        await Inventory.applyBucket(cloud, owner, 1, bucket([service("a"), service("b")]))
        expect((await factsOfCluster(cloud, owner)).facts).toHaveLength(2)
        const held = await factsOfCluster(cloud, owner)
        expect(await factsOfCluster(cloud, owner)).toBe(held)
        const { pk, sk } = { pk: `${owner.organizationId}#${owner.clusterId}`, sk: "fact#Service/shop/a" }
        await cloud.table.remove(pk, sk)
        const changes = await Inventory.applyBucket(cloud, owner, 2, bucket([service("a"), service("b")]))
        expect(changes.put).toEqual([])
        expect(changes.facts.put.map(({ id }) => id)).toEqual(["Service/shop/a"])
        expect((await factsOfCluster(cloud, owner)).facts).toHaveLength(2)
        expect(await factsOfCluster(cloud, owner)).not.toBe(held)
      })

      test("an object larger than an item is kept by its head, and one that packs is kept whole", async () => {
        const owner = newOwner()
        const packs = { ...service("packs"), spec: { text: "x".repeat(900_000) } }
        const noise = { ...service("noise"), spec: { text: randomBytes(600_000).toString("base64") } }
        await Inventory.applyBucket(cloud, owner, 1, bucket([noise, packs]))
        const read = (name: string) =>
          Inventory.read(cloud, owner, { kind: "Service", namespace: "shop", name })
        expect((await read("packs"))?.object).toEqual(packs)
        expect((await read("noise"))?.object).toEqual({
          apiVersion: "v1",
          kind: "Service",
          metadata: {
            name: "noise",
            namespace: "shop",
            annotations: { "smm/truncated": expect.stringMatching(/^\d+ bytes/) as string },
          },
        })
        expect(await Inventory.readSum(cloud, owner, "Service", "shop")).toEqual(sumOf([noise, packs]))
      })

      test("one of 32 that spend a secret gets it, and only its hash is stored", async () => {
        const secret = newSecret("smj_")
        await Secret.create(cloud, secret, { type: "sign-in", userId: newId("usr") }, at + 1000)
        const results = await Promise.all(
          Array.from({ length: 32 }, (_, i) => Secret.spend(cloud, hashOf(secret), String(i))),
        )
        expect(results.filter(Boolean)).toHaveLength(1)
        const held = await cloud.table.all(`secret#${hashOf(secret)}`, {})
        expect(held).toHaveLength(1)
        expect(JSON.stringify(held)).not.toContain(secret.slice(4))
      })

      test("of 32 clusters of one name one is made", async () => {
        const organizationId = newId("org")
        const input = { name: "prod", write: [], createdBy: "ann" }
        const results = await Promise.allSettled(
          Array.from({ length: 32 }, () => Clusters.create(cloud, organizationId, input)),
        )
        expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
        expect(await Clusters.list(cloud, organizationId)).toHaveLength(1)
      })

      test("a removed cluster leaves no item, and its name is free again", async () => {
        const organizationId = newId("org")
        const cluster = await Clusters.create(cloud, organizationId, {
          name: "prod",
          write: [],
          createdBy: "ann",
        })
        const owner = { organizationId, clusterId: cluster.clusterId }
        const objects = Array.from({ length: 60 }, (_, i) => service(`s${i}`))
        await Inventory.applyBucket(cloud, owner, 1, bucket(objects))
        await Clusters.remove(cloud, organizationId, cluster)
        expect(await cloud.table.all(`${organizationId}#${cluster.clusterId}`, {})).toEqual([])
        expect(await cloud.table.all(organizationId, {})).toEqual([])
        expect(await Clusters.ownerOf(cloud, cluster.clusterId)).toBeUndefined()
        await Clusters.create(cloud, organizationId, { name: "prod", write: [], createdBy: "ann" })
      })

      test("a removal that was cut short is ended by the next cluster that is made", async () => {
        const organizationId = newId("org")
        const input = { name: "prod", write: [], createdBy: "ann" }
        const { clusterId } = await Clusters.create(cloud, organizationId, input)
        await Inventory.applyBucket(cloud, { organizationId, clusterId }, 1, bucket([service("a")]))
        const at0 = key.cluster(organizationId, clusterId)
        await cloud.table.update(at0, { removedAt: at })
        expect(await Clusters.list(cloud, organizationId)).toEqual([])
        expect(await Clusters.find(cloud, organizationId, clusterId)).toBeUndefined()
        await expect(Clusters.change(cloud, organizationId, clusterId, { name: "x" })).rejects.toThrow(
          /no cluster/,
        )
        at += 61_000
        await Clusters.create(cloud, organizationId, input)
        expect(await cloud.table.all(`${organizationId}#${clusterId}`, {})).toEqual([])
        expect(await cloud.table.get(at0.pk, at0.sk)).toBeUndefined()
      })

      test("a name that somebody claimed and died with is free after a minute", async () => {
        const organizationId = newId("org")
        const input = { name: "prod", write: [], createdBy: "ann" }
        await cloud.table.put({
          ...key.clusterName(organizationId, "prod"),
          clusterId: newId("cls"),
          claimedAt: at,
        })
        await expect(Clusters.create(cloud, organizationId, input)).rejects.toThrow(/another name/)
        at += 61_000
        const { clusterId } = await Clusters.create(cloud, organizationId, input)
        at += 61_000
        await expect(Clusters.create(cloud, organizationId, input)).rejects.toThrow(/another name/)
        await Clusters.rename(cloud, organizationId, clusterId, "staging")
        await Clusters.create(cloud, organizationId, input)
      })

      test("two owners that step down at once do not both succeed", async () => {
        const ann = await Organizations.userOf(cloud, `${newId("usr")}@example.com`, "Ann")
        const { organizationId } = await Organizations.create(cloud, "acme", ann)
        const input = { email: `${newId("usr")}@example.com`, name: "Bob", role: "owner" as const }
        const bob = await Organizations.addMember(cloud, organizationId, input)
        const results = await Promise.allSettled(
          [ann, bob].map(({ userId }) => Organizations.changeRole(cloud, organizationId, userId, "viewer")),
        )
        const owners = (await Organizations.members(cloud, organizationId)).filter(
          ({ role }) => role === "owner",
        )
        expect(owners).toHaveLength(1)
        expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
      })

      const tickOf = (time: number, gaps: string[] = []) => ({
        v: 1 as const,
        at: time,
        windowMs: 60_000,
        source: "prometheus" as const,
        gaps,
        d: [`${time}`],
        c: "",
      })

      test("a tick that is larger than an item is refused in words, not by the database", async () => {
        const owner = newOwner()
        const large = tickOf(at, [randomBytes(600_000).toString("base64")])
        expect(await Ticks.put(cloud, owner, { tick: large, late: false })).toBe(false)
        expect(await Ticks.put(cloud, owner, { tick: tickOf(at), late: false })).toBe(true)
        expect((await Ticks.newest(cloud, owner))?.gaps).toEqual([])
      })

      test("a long history is read by samples of each step, and every step that has a tick has one", async () => {
        const owner = newOwner()
        const end = Math.floor(at / 3_600_000) * 3_600_000
        const hole = 120
        await each(
          Array.from({ length: 300 }, (_, i) => i).filter((i) => i < hole || i >= hole + 30),
          async (i) => void (await Ticks.put(cloud, owner, { tick: tickOf(end - i * 60_000), late: false })),
        )
        const range = { from: end - 299 * 60_000, to: end, stepMs: 30 * 60_000 }
        const stepsOf = (ticks: { tick: { at: number } }[]) => [
          ...new Set(ticks.map(({ tick }) => Math.floor(tick.at / range.stepMs))),
        ]
        const all = await Ticks.sampled(cloud, owner, range, 1e6)
        expect(all).toHaveLength(270)
        const some = await Ticks.sampled(cloud, owner, range, 512 * 22)
        expect(some.length).toBeLessThanOrEqual(22)
        expect(stepsOf(some)).toEqual(stepsOf(all))
        const times = some.map(({ tick }) => tick.at)
        expect(times).toEqual([...times].sort((a, b) => a - b))
      })

      test("ticks are kept one a minute, back-fill never covers a newer one, and they expire", async () => {
        const owner = newOwner()
        const minute = Math.floor(at / 60_000) * 60_000
        for (const [time, late] of [
          [minute + 30_000, false],
          [minute + 10_000, true],
          [minute - 50_000, true],
        ] as const)
          await Ticks.put(cloud, owner, { tick: tickOf(time), late })
        const stored = await Ticks.range(cloud, owner, minute - 60_000, minute + 60_000)
        expect(stored.map(({ tick: { at: time }, late }) => [time - minute, late])).toEqual([
          [-50_000, true],
          [30_000, false],
        ])
        expect((await Ticks.newest(cloud, owner))?.at).toBe(minute + 30_000)
        at += Ticks.tickKeptMs + 120_000
        expect(await Ticks.newest(cloud, owner)).toBeUndefined()
      })
    },
  )
