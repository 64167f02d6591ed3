import { describe, expect, test } from "vitest"
import { configMap, configMaps, type Context } from "../context.ts"

const merge = "application/merge-patch+json"

export function watchCases(context: Context): void {
  const { client, namespace, cluster } = context
  const version = async (path: string) =>
    String((await client().get(path)).body["metadata"]?.["resourceVersion"])
  const of = (name: string) => (event: { object: { [field: string]: unknown } }) =>
    (event.object["metadata"] as { name?: string } | undefined)?.name === name

  describe("watches", () => {
    test("tell what happened after a list, in order, with kinds", async () => {
      const ns = await namespace()
      const from = await version(configMaps(ns))
      await client().create(configMaps(ns), configMap("a"))
      const watch = await client().watch(`${configMaps(ns)}?watch=true&resourceVersion=${from}`)
      await client().call("PATCH", configMaps(ns, "a"), { body: { data: { k: "v" } }, type: merge })
      await client().call("DELETE", configMaps(ns, "a"))
      const events = [await watch.next(), await watch.next(), await watch.next()]
      watch.close()
      expect(events.map(({ type }) => type)).toEqual(["ADDED", "MODIFIED", "DELETED"])
      expect(events[1]?.object).toMatchObject({ kind: "ConfigMap", apiVersion: "v1", data: { k: "v" } })
      const versions = events.map(({ object }) => Number(object["metadata"]?.["resourceVersion"]))
      expect(versions).toEqual(versions.toSorted((a, b) => a - b))
      expect(versions[2]).toBeGreaterThan(versions[1] ?? 0)
    })

    test("without a version start with what exists", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("a"))
      const watch = await client().watch(`${configMaps(ns)}?watch=1`)
      expect(await watch.next()).toMatchObject({ type: "ADDED", object: { metadata: { name: "a" } } })
      watch.close()
    })

    test("with a selector add what comes to match and delete what ceases to", async () => {
      const ns = await namespace()
      const from = await version(configMaps(ns))
      const watch = await client().watch(
        `${configMaps(ns)}?watch=true&labelSelector=on%3Dyes&resourceVersion=${from}`,
      )
      await client().create(configMaps(ns), configMap("a", {}, { on: "no" }))
      for (const on of ["yes", "no"])
        await client().call("PATCH", configMaps(ns, "a"), {
          body: { metadata: { labels: { on } } },
          type: merge,
        })
      const events = [await watch.next(), await watch.next()]
      watch.close()
      expect(events.map(({ type }) => type)).toEqual(["ADDED", "DELETED"])
    })

    test("of one name tell only about it", async () => {
      const ns = await namespace()
      const from = await version(configMaps(ns))
      const watch = await client().watch(
        `${configMaps(ns)}?watch=true&fieldSelector=metadata.name%3Db&resourceVersion=${from}`,
      )
      for (const name of ["a", "b"]) await client().create(configMaps(ns), configMap(name))
      expect(await watch.next()).toMatchObject({ type: "ADDED", object: { metadata: { name: "b" } } })
      watch.close()
    })

    test("send the existing objects and mark their end when asked to", async () => {
      const ns = await namespace()
      for (const name of ["a", "b"]) await client().create(configMaps(ns), configMap(name))
      const watch = await client().watch(
        `${configMaps(ns)}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
      )
      const events = [await watch.next(), await watch.next(), await watch.next()]
      expect(events.slice(0, 2).map(({ type }) => type)).toEqual(["ADDED", "ADDED"])
      expect(events[2]).toMatchObject({
        type: "BOOKMARK",
        object: { kind: "ConfigMap", metadata: { annotations: { "k8s.io/initial-events-end": "true" } } },
      })
      await client().create(configMaps(ns), configMap("c"))
      expect(await watch.next(of("c"))).toMatchObject({ type: "ADDED" })
      watch.close()
    })

    test("refuse initial events without saying how old they may be", async () => {
      const answer = await client().get("/api/v1/configmaps?watch=true&sendInitialEvents=true")
      expect(answer).toMatchObject({ status: 422, body: { reason: "Invalid" } })
    })

    test("bookmark how far the world is, and end after timeoutSeconds", async () => {
      const ns = await namespace()
      const from = await version(configMaps(ns))
      const watch = await client().watch(
        `${configMaps(ns)}?watch=true&allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion=${from}`,
      )
      await client().create("/api/v1/namespaces/default/configmaps", configMap(context.unique("elsewhere")))
      const event = await watch.next(({ type }) => type === "BOOKMARK")
      expect(Number(event.object["metadata"]?.["resourceVersion"])).toBeGreaterThanOrEqual(Number(from))
      expect(event.object["metadata"]?.["name"]).toBeUndefined()
      await watch.ended
    })

    test("from a version that is gone say 410 in an ERROR event, and end", async () => {
      await cluster().compact()
      const watch = await client().watch("/api/v1/configmaps?watch=true&resourceVersion=1")
      expect(await watch.next()).toMatchObject({
        type: "ERROR",
        object: { kind: "Status", code: 410, reason: "Expired" },
      })
      await watch.ended
    })

    test("of another group carry its version", async () => {
      const ns = await namespace()
      const watch = await client().watch(`/apis/apps/v1/namespaces/${ns}/deployments?watch=true`)
      await client().create(`/apis/apps/v1/namespaces/${ns}/deployments`, deployment("web"))
      expect(await watch.next()).toMatchObject({
        type: "ADDED",
        object: { kind: "Deployment", apiVersion: "apps/v1" },
      })
      watch.close()
    })
  })
}

const deployment = (name: string) => ({
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "main", image: "none:1" }] },
    },
  },
})
