import type { KubeObject } from "#shared/kube/object.ts"
import { shaped, type Shape } from "./form.ts"
import type { Change, Memory } from "./memory.ts"
import { isTrue, numberOf } from "./request.ts"
import { readSelection, type Selection } from "./selection.ts"
import { badRequest, expired, invalid } from "./status.ts"

/** Where a watch writes to. */
export type Sink = {
  /** Returns whether more may be written at once; when not, what is written is held in memory. */
  write(line: string): void
  /** Bytes that wait for a slow reader. */
  readonly waiting: number
  end(): void
  /** Cuts the connection without a word. */
  reset(): void
}

/** A reader this far behind is cut off rather than fed from memory. */
const waitingLimit = 64 * 1024 * 1024

type Watch = {
  shape: Shape
  selection: Selection
  bookmarks: boolean
  sink: Sink
  /** Version of the last line that this watch has got. */
  version: number
}

const initialEventsEnd = { "k8s.io/initial-events-end": "true" }

/** What an event is for a watch that selects: an object that comes to match is added, one that ceases to is deleted. */
function typeFor({ type, object, previous }: Change, selection: Selection): Change["type"] | undefined {
  if (selection.isAll) return type
  const before = previous !== undefined && selection.matches(previous)
  const after = type !== "DELETED" && selection.matches(object)
  if (before && after) return "MODIFIED"
  if (after) return "ADDED"
  return before ? "DELETED" : undefined
}

/** Whether this request wants the objects that exist as first events. @throws StatusError 422, 400 */
function wantsInitial(
  query: URLSearchParams,
  kind: { group: string; plural: string; kind: string },
): boolean | undefined {
  const initial = query.get("sendInitialEvents")
  const match = query.get("resourceVersionMatch") ?? ""
  if (initial === null || initial === "") {
    if (match !== "")
      throw invalid(kind, "", [
        {
          reason: "FieldValueForbidden",
          message:
            "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
          field: "resourceVersionMatch",
        },
      ])
    return undefined
  }
  if (match !== "NotOlderThan")
    throw invalid(kind, "", [
      {
        reason: "FieldValueForbidden",
        message: "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        field: "resourceVersionMatch",
      },
    ])
  return isTrue(initial)
}

/** Every open watch of one API. A change is serialised once for all watches that want it in the same form. */
export class Watches {
  #open = new Map<string, Set<Watch>>()
  readonly #memory: Memory
  constructor(memory: Memory) {
    this.#memory = memory
    memory.subscribe((change) => {
      this.#fanOut(change)
      if (change.kind.startsWith("CustomResourceDefinition.") && change.type === "DELETED")
        this.#endOf(change.object)
    })
  }

  /**
   * Starts a watch; the sink gets one JSON text a line. Returns how to end it, and how to send it a bookmark.
   * @throws StatusError 410 when the version is not kept any more, 400 and 422 for options that do not fit together
   */
  start(
    shape: Shape,
    namespace: string,
    query: URLSearchParams,
    sink: Sink,
  ): { end(): void; bookmark(): void } {
    const { resource } = shape
    const selection = readSelection(resource, query, namespace)
    const initial = wantsInitial(query, resource)
    const bookmarks = isTrue(query.get("allowWatchBookmarks"))
    const from = numberOf(query, "resourceVersion") ?? 0
    if (from > this.#memory.version + 1_000_000)
      throw badRequest(`resourceVersion ${from} is from another cluster`)
    const watch: Watch = { shape, selection, bookmarks, sink, version: from }
    if (initial ?? from === 0) this.#sendExisting(watch, initial === true)
    else if (!initial && from > 0) this.#replay(watch, from)
    watch.version = Math.max(watch.version, this.#memory.version)
    const open = this.#open.get(resource.key) ?? new Set()
    this.#open.set(resource.key, open.add(watch))
    return {
      end: () => void open.delete(watch),
      bookmark: () => {
        if (bookmarks && open.has(watch)) this.#bookmark(watch)
      },
    }
  }

  #sendExisting(watch: Watch, endMark: boolean): void {
    for (const object of this.#memory.list(watch.shape.resource.key))
      if (watch.selection.matches(object))
        watch.sink.write(line("ADDED", JSON.stringify(shaped(watch.shape, object))))
    watch.version = this.#memory.version
    if (endMark && watch.bookmarks) this.#bookmark(watch, initialEventsEnd)
  }

  #replay(watch: Watch, from: number): void {
    const changes = this.#memory.since(watch.shape.resource.key, from)
    if (!changes) throw expired(`too old resource version: ${from} (${this.#memory.compacted})`)
    for (const change of changes)
      this.#send(watch, change, () => JSON.stringify(shaped(watch.shape, change.object)))
  }

  #send(watch: Watch, change: Change, text: () => string): void {
    // a version from the future: the watch is about what comes after it
    if (change.version <= watch.version) return
    const type = typeFor(change, watch.selection)
    watch.version = change.version
    if (type) watch.sink.write(line(type, text()))
  }

  #fanOut(change: Change): void {
    const watches = this.#open.get(change.kind)
    if (!watches) return
    const texts = new Map<string, string>()
    for (const watch of [...watches]) {
      const { version, form } = watch.shape
      const key = `${version} ${form}`
      this.#send(watch, change, () => {
        const known = texts.get(key) ?? JSON.stringify(shaped(watch.shape, change.object))
        texts.set(key, known)
        return known
      })
      if (watch.sink.waiting > waitingLimit) {
        watches.delete(watch)
        watch.sink.reset()
      }
    }
  }

  /** The kind is not served any more: its watches end. */
  #endOf(definition: KubeObject): void {
    for (const watches of this.#open.values())
      for (const watch of [...watches])
        if (`${watch.shape.resource.plural}.${watch.shape.resource.group}` === definition.metadata.name) {
          watches.delete(watch)
          watch.sink.end()
        }
  }

  #bookmark(watch: Watch, annotations?: Record<string, string>): void {
    const { resource, version } = watch.shape
    const apiVersion = resource.group === "" ? version : `${resource.group}/${version}`
    const metadata = {
      resourceVersion: String(this.#memory.version),
      creationTimestamp: null,
      ...(annotations ? { annotations } : {}),
    }
    watch.sink.write(line("BOOKMARK", JSON.stringify({ kind: resource.kind, apiVersion, metadata })))
  }

  /** Tells every watch that takes bookmarks how far the world is. */
  bookmarkAll(): void {
    for (const watches of this.#open.values())
      for (const watch of watches) if (watch.bookmarks) this.#bookmark(watch)
  }

  /** Cuts every watch with a TCP reset. */
  resetAll(): void {
    for (const watches of this.#open.values()) {
      for (const { sink } of watches) sink.reset()
      watches.clear()
    }
  }

  get count(): number {
    return this.#open.values().reduce((sum, watches) => sum + watches.size, 0)
  }
}

const line = (type: string, object: string): string => `{"type":"${type}","object":${object}}\n`
