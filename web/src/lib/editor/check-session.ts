import { type KubeObject, type ObjectRef, refOf } from "#shared/kube/object.ts"
import { type Family, alone } from "#shared/validation/check.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import type { KindState } from "#shared/validation/engine/cluster.ts"
import type { Finding } from "#shared/validation/finding.ts"

/** What an editor's text says: objects to put, and those that it no longer has. */
export type Proposed = { cluster: string; put: readonly KubeObject[]; remove: readonly ObjectRef[] }

/** The findings of the proposed objects, and what the proposal adds to and takes away from the whole mesh. */
export type Checked = {
  findings: Finding[]
  added: Finding[]
  removed: Finding[]
  /** false: the objects of the mesh are not here yet; only rules that need none of them were asked. */
  whole: boolean
  elapsedMs: number
}

const idOf = ({ kind, namespace, name }: ObjectRef): string => `${kind}/${namespace}/${name}`

/**
 * The engine behind an editor. Objects of the mesh are put into it as they come; until all are here it answers with the rules that look at one object only.
 */
export class CheckSession {
  readonly #own: Engine
  readonly #mesh: Engine
  readonly #clock: () => number
  #whole = false

  /** @param clock milliseconds, for how long a check takes */
  constructor(families: readonly Family[], clock: () => number) {
    this.#own = new Engine({ families: alone(families) })
    this.#mesh = new Engine({ families })
    this.#clock = clock
  }

  get whole(): boolean {
    return this.#whole
  }

  load(cluster: string, objects: readonly KubeObject[]): void {
    for (const object of objects) this.#mesh.put(cluster, object)
  }

  state(cluster: string, kind: string, state: KindState): void {
    this.#mesh.cluster(cluster)
    this.#mesh.setState(cluster, kind, state)
  }

  /** Everything is here. @param now milliseconds since 1970 */
  loaded(now: number): void {
    this.#mesh.setTime(now)
    this.#mesh.settle()
    this.#whole = true
  }

  /** Rules that cannot be asked, as what they read may not be read. */
  get unasked(): number {
    return new Set(this.#mesh.notEvaluated().flatMap(({ codes }) => codes)).size
  }

  get objects(): number {
    return this.#mesh.objects
  }

  check({ cluster, put, remove }: Proposed): Checked {
    const begin = this.#clock()
    const engine = this.#whole ? this.#mesh : this.#own
    const ids = new Set(put.map((object) => idOf(refOf(object))))
    const before = engine.findings()
    const { added, removed } = engine.delta([{ cluster, put, remove }])
    const gone = new Set(removed)
    const isOwn = (finding: Finding): boolean => finding.cluster === cluster && ids.has(idOf(finding.object))
    return {
      findings: [...before.filter((finding) => isOwn(finding) && !gone.has(finding)), ...added.filter(isOwn)],
      added: this.#whole ? added : [],
      removed,
      whole: this.#whole,
      elapsedMs: this.#clock() - begin,
    }
  }
}
