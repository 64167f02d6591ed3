import { idOf, kindKeyOf } from "#shared/kube/object.ts"
import { StatusError } from "#demo/kube/status.ts"
import type { KubeStore, ObjectInput } from "#demo/kube/store.ts"

/** Argo CD with self-healing: whatever it applied comes back some seconds after somebody changed it. */
export type GitOps = {
  /** Applies what is due. */
  run(): void
  close(): void
}

const healMs = 5_000

type Placed = { metadata: { namespace?: string | undefined; name: string } }
const placeOf = (kind: string, { metadata: { namespace = "", name } }: Placed): string =>
  idOf({ kind, namespace, name })

export function startGitOps(options: {
  store: KubeStore
  /** What is in git. */
  objects: readonly ObjectInput[]
  manager: string
  now: () => number
}): GitOps {
  const { store, objects, manager, now } = options
  const wanted = new Map(objects.map((object) => [placeOf(kindKeyOf(object), object), object]))
  const due = new Map<string, number>()
  /** Its own writes are no drift. */
  let applying = false

  function apply(object: ObjectInput): void {
    applying = true
    try {
      store.apply(object, { manager })
    } catch (error) {
      // The namespace or the definition is gone: it stays out of sync, as it does with Argo CD.
      if (!(error instanceof StatusError)) throw error
    } finally {
      applying = false
    }
  }

  for (const object of objects) apply(object)
  const close = store.subscribe(
    ({ kind, object }) => {
      const place = placeOf(kind, object)
      if (!applying && wanted.has(place) && !due.has(place)) due.set(place, now() + healMs)
    },
    [...new Set(objects.map(kindKeyOf))],
  )
  return {
    run() {
      for (const [place, at] of due) {
        if (at > now()) continue
        due.delete(place)
        const object = wanted.get(place)
        if (object) apply(object)
      }
    },
    close,
  }
}
