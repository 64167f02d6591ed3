import { type KindSpec, watchedKinds } from "#shared/kube/kinds.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Clock } from "../clock.ts"
import type { Log } from "../log.ts"
import type { KubeApi } from "./api.ts"
import { type Cache, seenKey } from "./cache.ts"
import { servedKinds } from "./discovery.ts"
import { isNamesOnly, project, type RawObject } from "./projection.ts"
import { reflect, type Sink } from "./reflector.ts"
import { createSharedStrings } from "./shared-strings.ts"

type Running = { version: string; stop: AbortController; done: Promise<void> }

/** An object of Istio or the Gateway API became another: undefined before it was there, and after it is gone. First lists are no events. */
export type ConfigEvent = {
  before: KubeObject | undefined
  after: KubeObject | undefined
  /** As the API server sent it, with its managed fields; undefined when only a list showed that it is gone. */
  raw: RawObject | undefined
}

export type ClusterWatch = {
  /** How often a watch was opened again since the start. */
  reconnects(): number
  /** Resolves when every loop has ended after the signal. */
  done: Promise<void>
}

/** While the CustomResourceDefinitions can be watched they tell of a change; otherwise we look. */
const lookEveryMs = 60_000
/** A definition is served a moment after it was written: look again after these. */
const afterChangeMs = [100, 400, 1_000, 3_000]
const confirmGoneMs = 15_000
const crdKey = "CustomResourceDefinition.apiextensions.k8s.io"

const pathOf = (spec: KindSpec, version: string): string =>
  spec.group === "" ? `/api/${version}/${spec.plural}` : `/apis/${spec.group}/${version}/${spec.plural}`

/** Watches all kinds into the cache, starting and stopping those whose definitions come and go. */
export function watchCluster(options: {
  api: KubeApi
  cache: Cache
  clock: Clock
  signal: AbortSignal
  log: Log
  specs?: readonly KindSpec[]
  configChanged?: (event: ConfigEvent) => void
}): ClusterWatch {
  const { api, cache, clock, signal, log, specs = watchedKinds, configChanged } = options
  const share = createSharedStrings()
  const running = new Map<string, Running>()
  const custom = specs.filter(({ family }) => family !== "core")
  const groups = [...new Set(custom.map(({ group }) => group))]
  let opened = 0
  let started = 0
  const missing = new Map<string, number>()
  let wake = new AbortController()
  let looksDue: number[] = []

  const lookSoon = (): void => {
    looksDue = afterChangeMs.map((ms) => clock.now() + ms)
    wake.abort()
  }

  const groupOfDefinition = (name: string): string => name.slice(name.indexOf(".") + 1)

  function sinkOf(spec: KindSpec, version: string): Sink {
    const keyOf = (raw: RawObject) => ({
      namespace: String(raw.metadata["namespace"] ?? ""),
      name: String(raw.metadata["name"]),
    })
    const noticed = (name: string): void => {
      if (spec.key === crdKey && groups.includes(groupOfDefinition(name))) lookSoon()
    }
    let listed = false
    const tell = spec.family === "core" ? undefined : configChanged
    const known = (raw: RawObject) => (tell ? cache.get({ kind: spec.key, ...keyOf(raw) }) : undefined)
    return {
      put(raw) {
        const object = project(spec, version, raw)
        share(object)
        const before = listed ? known(raw) : undefined
        cache.put(spec.key, object)
        if (!listed) return
        // A list again brings everything, of which hardly anything is another.
        if (tell && before?.metadata.resourceVersion !== object.metadata.resourceVersion)
          tell({ before, after: object, raw })
        noticed(keyOf(raw).name)
      },
      remove(raw) {
        const { namespace, name } = keyOf(raw)
        const before = known(raw)
        cache.remove(spec.key, namespace, name)
        if (before) tell?.({ before, after: undefined, raw })
        noticed(name)
      },
      expect: (count) => cache.setExpected(spec.key, count),
      listed(seen) {
        if (listed && tell)
          for (const before of cache.objects(spec.key))
            if (!seen.has(seenKey(before.metadata.namespace ?? "", before.metadata.name)))
              tell({ before, after: undefined, raw: undefined })
        cache.keepOnly(spec.key, seen)
        cache.setKnown(spec.key, true)
        if (spec.key === crdKey) lookSoon()
        listed = true
      },
      live() {
        opened += 1
        cache.setState(spec.key, "live", "")
      },
      broken(state, reason) {
        log.debug({ kind: spec.key, state, reason }, "kind is not live")
        if (state === "denied") cache.setKnown(spec.key, false)
        if (state !== "absent")
          cache.setState(spec.key, state === "stale" && !listed ? "syncing" : state, reason)
        else if (spec.family === "core" && !listed) absent(spec, reason)
        else {
          // An API server that starts, and a balancer before it, answer 404 for what is there: of others only discovery decides that a kind is
          // gone, and what belongs to Kubernetes itself does not go.
          cache.setState(spec.key, listed ? "stale" : "syncing", reason)
          lookSoon()
        }
      },
    }
  }

  function absent(spec: KindSpec, reason: string): void {
    cache.clear(spec.key)
    cache.setKnown(spec.key, true)
    cache.setState(spec.key, "absent", reason)
  }

  function start(spec: KindSpec, version: string): void {
    started += 1
    const stop = new AbortController()
    const source = { path: pathOf(spec, version), namesOnly: isNamesOnly(spec.key), pageSize: 250 }
    if (cache.stateOf(spec.key) === "absent") {
      cache.setKnown(spec.key, false)
      cache.setState(spec.key, "syncing", "")
    }
    const done = reflect(api, source, sinkOf(spec, version), {
      clock,
      signal: AbortSignal.any([signal, stop.signal]),
    })
    running.set(spec.key, { version, stop, done })
  }

  async function stopKind(spec: KindSpec): Promise<void> {
    const run = running.get(spec.key)
    running.delete(spec.key)
    run?.stop.abort()
    await run?.done
  }

  /**
   * While an API server starts, discovery lacks kinds that are installed. Taken for true that would empty the inventory, so a kind goes only
   * when its definition is gone too or, where definitions may not be read, when it is missing for a while.
   */
  function isConfirmedGone(spec: KindSpec): boolean {
    const definition = { kind: crdKey, namespace: "", name: `${spec.plural}.${spec.group}` }
    const since = missing.get(spec.key) ?? clock.now()
    missing.set(spec.key, since)
    const gone =
      cache.stateOf(crdKey) === "live"
        ? cache.hashOf(definition) === undefined
        : clock.now() - since >= confirmGoneMs
    if (!gone) looksDue.push(clock.now() + 2_000)
    return gone
  }

  async function look(group: string): Promise<void> {
    const members = custom.filter((spec) => spec.group === group)
    const served = await servedKinds(api, group, members, signal)
    for (const spec of members) {
      const version = served.get(spec.key)
      const now = running.get(spec.key)?.version
      if (version !== undefined) missing.delete(spec.key)
      if (version === now && version !== undefined && cache.stateOf(spec.key) !== "absent") continue
      if (version === undefined && now !== undefined && !isConfirmedGone(spec)) continue
      await stopKind(spec)
      if (version === undefined) absent(spec, `${spec.plural}.${spec.group} is not installed`)
      else start(spec, version)
    }
  }

  async function lookAll(): Promise<void> {
    for (const group of groups) {
      try {
        await look(group)
      } catch (error) {
        if (signal.aborted) return
        log.debug({ group, error: String(error) }, "discovery failed")
        for (const spec of custom)
          if (spec.group === group && !running.has(spec.key) && cache.stateOf(spec.key) === "syncing")
            cache.setState(spec.key, "syncing", String(error))
        looksDue.push(clock.now() + 2_000)
      }
    }
  }

  async function discover(): Promise<void> {
    while (!signal.aborted) {
      wake = new AbortController()
      looksDue = looksDue.filter((at) => at > clock.now())
      await lookAll()
      const next = Math.min(clock.now() + lookEveryMs * (0.8 + clock.random() * 0.4), ...looksDue)
      await clock.sleep(Math.max(50, next - clock.now()), AbortSignal.any([signal, wake.signal]))
    }
  }

  for (const spec of specs) if (spec.family === "core") start(spec, spec.versions[0] ?? "v1")
  const discovery = custom.length === 0 ? Promise.resolve() : discover()
  return {
    reconnects: () => Math.max(0, opened - started),
    done: discovery.then(async () => {
      await Promise.all([...running.values()].map(({ done }) => done))
    }),
  }
}
