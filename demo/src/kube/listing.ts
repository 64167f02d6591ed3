import type { KubeObject } from "#shared/kube/object.ts"
import type { ListMetadata } from "./form.ts"
import type { Memory } from "./memory.ts"
import { numberOf } from "./request.ts"
import type { Resource } from "./resource.ts"
import { readSelection } from "./selection.ts"
import { badRequest, expired, StatusError } from "./status.ts"

export type Page = { metadata: ListMetadata; objects: readonly KubeObject[] }

type Snapshot = { id: string; version: number; kind: string; rest: readonly KubeObject[] }

/** Paged lists that can be open at once; the oldest is dropped and its next page answers 410. */
const snapshotLimit = 64

const gone = () =>
  expired(
    "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
  )

/** Lists in one piece or in pages of one consistent state. */
export class Listing {
  #snapshots = new Map<string, Snapshot>()
  #next = 0
  readonly #memory: Memory
  constructor(memory: Memory) {
    this.#memory = memory
  }

  /** Forgets the open pages: their continue tokens are gone. */
  compact(): void {
    this.#snapshots.clear()
  }

  /** @throws StatusError 400, 410, 504 */
  page(resource: Resource, namespace: string, query: URLSearchParams): Page {
    const limit = numberOf(query, "limit") ?? 0
    const token = query.get("continue") ?? ""
    if (token !== "") return this.#continued(resource, token, limit)
    this.#checkVersion(query)
    const selection = readSelection(resource, query, namespace)
    const all = this.#memory.list(resource.key)
    const objects = selection.isAll ? all : all.filter((object) => selection.matches(object))
    const version = this.#memory.version
    const exactCount = (query.get("labelSelector") ?? "") === "" && (query.get("fieldSelector") ?? "") === ""
    return this.#cut({ id: "", version, kind: resource.key, rest: objects }, limit, exactCount)
  }

  #checkVersion(query: URLSearchParams): void {
    const match = query.get("resourceVersionMatch") ?? ""
    const asked = numberOf(query, "resourceVersion")
    if (match !== "" && asked === undefined)
      throw badRequest("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if (asked === undefined || asked === 0) return
    if (asked > this.#memory.version)
      throw new StatusError(
        504,
        "Timeout",
        `Too large resource version: ${asked}, current: ${this.#memory.version}`,
        {
          causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
          retryAfterSeconds: 1,
        },
      )
    if (match === "Exact" && asked < this.#memory.version)
      throw expired(`The resourceVersion for the provided list is too old: ${asked}`)
  }

  #continued(resource: Resource, token: string, limit: number): Page {
    const snapshot = this.#snapshots.get(token)
    if (!snapshot) {
      if (!/^[\w-]+$/.test(token)) throw badRequest("continue key is not valid")
      throw gone()
    }
    if (snapshot.kind !== resource.key) throw badRequest("continue key is not valid")
    return this.#cut(snapshot, limit, true)
  }

  #cut({ version, kind, rest }: Snapshot, limit: number, exactCount: boolean): Page {
    const resourceVersion = String(version)
    if (limit === 0 || rest.length <= limit) return { metadata: { resourceVersion }, objects: rest }
    this.#next += 1
    const id = Buffer.from(`v1-${kind}-${version}-${this.#next}`).toString("base64url")
    // a token stays valid, so that a page can be asked for again
    this.#snapshots.set(id, { id, version, kind, rest: rest.slice(limit) })
    const oldest = this.#snapshots.keys().next().value
    if (this.#snapshots.size > snapshotLimit && oldest !== undefined) this.#snapshots.delete(oldest)
    return {
      metadata: {
        resourceVersion,
        continue: id,
        ...(exactCount ? { remainingItemCount: rest.length - limit } : {}),
      },
      objects: rest.slice(0, limit),
    }
  }
}
