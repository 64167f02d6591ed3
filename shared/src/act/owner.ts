import { type KubeObject, refOf } from "../kube/object.ts"
import type { FieldOwner } from "../protocol/command.ts"
import {
  type Difference,
  holds,
  managedOf,
  type ManagedEntry,
  type Path,
  textOf,
  written,
} from "./field-set.ts"

/** The name under which everything of ours is written, applied or patched. */
export const fieldManager = "service-mesh-manager"

type Claim = FieldOwner["claim"]

/** People's tools: whoever used them may use another. */
const people =
  /^(kubectl|istioctl|before-first-apply$|k9s|lens|node-fetch$|mozilla|dashboard|octant|headlamp|curl)/i
/** Tools that write again all that they know, when a person runs them next. */
const rewriters = /^(helm$|terraform|pulumi|ansible|kapp$|hashicorp|openapi-generator$)/i
/** Controllers that hold what they own to what is in git, or to a plan of theirs. */
const controllers =
  /(controller|operator|reconciler|rollouts|flagger|flux|argo|fleet|configsync|config-sync|rancher|pilot|istiod|crossplane|kargo|manager$)/i

/**
 * What becomes of a field that we take from its owner. A tool that applies declares what it wants and comes again; of those that only update,
 * nobody knows that they will.
 */
export function claimOf(manager: string, operation: "Apply" | "Update"): Claim {
  if (manager === fieldManager) return "own"
  if (people.test(manager)) return "yields"
  if (rewriters.test(manager)) return "rewrites"
  if (controllers.test(manager)) return "reverts"
  return operation === "Apply" ? "reverts" : "yields"
}

/** Claims that a person is asked about before the field is taken. */
export const isContested = ({ claim }: Pick<FieldOwner, "claim">): boolean =>
  claim === "reverts" || claim === "rewrites"

/** Up to the field of `spec` that a person knows: who owns ten leaves of one block is said once. */
const shown = (path: Path): Path => {
  const fields = path.filter((step) => step !== ".")
  return fields[0] === "f:spec" ? fields.slice(0, 2) : fields.slice(0, 3)
}

const owner = (live: KubeObject, { manager, operation, at }: ManagedEntry, path: string): FieldOwner => ({
  object: refOf(live),
  path,
  manager,
  operation,
  at,
  claim: claimOf(manager, operation),
})

/** Who owns the leaves that a change sets or removes, once per owner and field, in the order of the object's own record. */
export function ownersOf(live: KubeObject, { set, removed }: Difference): FieldOwner[] {
  const owners = new Map<string, FieldOwner>()
  for (const entry of managedOf(live))
    for (const path of [...set, ...removed]) {
      if (!holds(entry.fields, path)) continue
      const at = written(shown(path))
      const key = `${entry.manager} ${entry.operation} ${at}`
      if (!owners.has(key)) owners.set(key, owner(live, entry, at))
    }
  return [...owners.values()]
}

/** Leaves of a change that somebody would take back. */
export function contested(live: KubeObject, { set, removed }: Difference): ReadonlySet<string> {
  const rivals = managedOf(live).filter(({ manager, operation }) =>
    isContested({ claim: claimOf(manager, operation) }),
  )
  return new Set(
    [...set, ...removed].filter((path) => rivals.some(({ fields }) => holds(fields, path))).map(textOf),
  )
}

/** Who owns an object that is to go: everybody with a field of its spec. */
export const ownersOfAll = (live: KubeObject): FieldOwner[] =>
  managedOf(live)
    .filter(({ fields }) => "f:spec" in fields)
    .map((entry) => owner(live, entry, "spec"))
