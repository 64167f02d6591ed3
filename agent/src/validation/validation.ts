import type { KubeObject } from "#shared/kube/object.ts"
import { type Family, rulesOf } from "#shared/validation/check.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { families as allFamilies } from "#shared/validation/families.ts"
import { findingKind, findingObject } from "#shared/validation/finding-object.ts"
import { suppressionOf } from "#shared/validation/suppression.ts"
import type { Clock } from "../clock.ts"
import type { Cache, ObjectKey } from "../cluster/cache.ts"
import { seenKey } from "../cluster/cache.ts"
import type { Log } from "../log.ts"

/** Kinds that rules may ask about and that the agent does not read, and why. */
const unread: Readonly<Record<string, string>> = {
  Secret: "the agent never lists Secrets",
  ConfigMap: "the agent does not list ConfigMaps",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io": "the agent does not list webhooks",
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io": "the agent does not list webhooks",
  MeshNetworks: "the agent does not read the mesh's networks",
}

/** Changes wait so long for more of their kind: an upgrade changes thousands of pods in a minute. */
const coalesceMs = 50

/** What goes by the time (certificates that expire) goes by the hour. */
const hourMs = 3_600_000

/** The engine knows its one cluster by this name. */
const self = ""

/**
 * Validates the cluster as it is in the cache, and keeps the findings there too, as objects of a kind of their own: from there they are sent, compared
 * and resent like everything else.
 */
export function startValidation(options: {
  cache: Cache
  clock: Clock
  signal: AbortSignal
  log: Log
  families?: readonly Family[]
}): { done: Promise<void> } {
  const { cache, clock, signal, log, families = allFamilies } = options
  const engine = new Engine({ families })
  const rules = rulesOf(families)
  const shown = new Set<string>()
  const kinds = cache
    .kinds()
    .map(({ kind }) => kind)
    .filter((kind) => kind !== findingKind)
  const dirty = new Map<string, ObjectKey>()
  let wake: () => void = () => undefined
  let wanted = true

  const note = (): void => {
    wanted = true
    wake()
  }
  const load = (kind: string): void => {
    for (const { metadata } of cache.objects(kind)) {
      const key = { kind, namespace: metadata.namespace ?? "", name: metadata.name }
      dirty.set(`${kind}\n${key.namespace}\n${key.name}`, key)
    }
  }
  for (const kind of kinds) {
    engine.setState(self, kind, { state: cache.stateOf(kind), reason: "" })
    load(kind)
  }
  for (const [kind, reason] of Object.entries(unread))
    engine.setState(self, kind, { state: "denied", reason })

  const stopListening = cache.listen({
    changed(key) {
      if (key.kind === findingKind) return
      dirty.set(`${key.kind}\n${key.namespace}\n${key.name}`, key)
      note()
    },
    known(kind) {
      if (kind === findingKind) return
      if (cache.isKnown(kind)) load(kind)
      note()
    },
    state(kind) {
      if (kind === findingKind) return
      const known = cache.kinds().find((state) => state.kind === kind)
      engine.setState(self, kind, { state: cache.stateOf(kind), reason: known?.reason ?? "" })
      note()
    },
  })

  const objectOf = (kind: string, namespace: string, name: string): KubeObject | undefined =>
    cache.get({ kind, namespace, name })

  function take(): void {
    engine.setTime(Math.floor(clock.now() / hourMs) * hourMs)
    for (const key of dirty.values()) {
      const object = cache.get(key)
      if (object === undefined) engine.remove(self, key)
      else engine.put(self, object)
    }
    dirty.clear()
  }

  function publish(): void {
    const seen = new Set<string>()
    for (const finding of engine.findings()) {
      const { kind, namespace, name } = finding.object
      const object = objectOf(kind, namespace, name)
      const suppression = object === undefined ? null : suppressionOf(object, finding, rules)
      let put = findingObject(finding, suppression, 0)
      for (let same = 1; seen.has(seenKey(namespace, put.metadata.name)); same++)
        put = findingObject(finding, suppression, same)
      seen.add(seenKey(namespace, put.metadata.name))
      cache.put(findingKind, put)
    }
    for (const key of shown)
      if (!seen.has(key)) {
        const slash = key.indexOf("/")
        cache.remove(findingKind, key.slice(0, slash), key.slice(slash + 1))
      }
    shown.clear()
    for (const key of seen) shown.add(key)
  }

  const listed = (): boolean => kinds.every((kind) => cache.stateOf(kind) !== "syncing")

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if (!wanted) await Promise.race([new Promise<void>((resolve) => (wake = resolve)), aborted])
      await clock.sleep(coalesceMs, signal)
      if (signal.aborted) return
      wanted = false
      take()
      // What is not listed yet is not evaluated: saying so for a second would take every finding away and bring it back.
      if (!listed()) continue
      publish()
      if (cache.stateOf(findingKind) !== "live") {
        cache.setKnown(findingKind, true)
        cache.setState(findingKind, "live", "")
        log.info({ findings: shown.size, objects: engine.objects }, "the mesh is validated")
      }
    }
  }

  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true })
  })
  return { done: run().finally(stopListening) }
}
