import { named } from "../../istio/reason.ts"
import { kindOf } from "../../kube/kinds.ts"
import { type KubeObject, type ObjectRef, idOf, isKubernetesName, refOf } from "../../kube/object.ts"
import { servicesOf } from "../about.ts"
import { asCompleted } from "../defaults.ts"
import { patchBetween } from "../diff.ts"
import type { Edit } from "../edit.ts"
import type { Intent } from "../intent.ts"
import { type Issue, refuse } from "../invalid.ts"
import { plainObject } from "../plain.ts"
import type { Plan, Warning } from "../plan.ts"
import type { World } from "../world.ts"

type Wish = Omit<Extract<Intent, { control: "objects" }>, "control">

const namespaceProblem = (kind: string, namespace: string): string | undefined => {
  const spec = kindOf(kind)
  if (spec === undefined || spec.namespaced === (namespace !== "")) return undefined
  return spec.namespaced
    ? `is missing; a ${spec.kind} lives in a namespace`
    : `is ${namespace}; a ${spec.kind} lives in no namespace, leave it out`
}

/** What is wrong with the place of an object; `path` is where it stands in the form. */
export function placeIssues(world: World, ref: ObjectRef, path: string, metadata = "metadata."): Issue[] {
  const { kind, namespace, name } = ref
  const issues: Issue[] = []
  if (!world.serves(kind))
    issues.push({
      path: `${path}.kind`,
      message: `the cluster serves no ${kind}; check kind and apiVersion, or install its CRD`,
    })
  if (!isKubernetesName(name))
    issues.push({ path: `${path}.${metadata}name`, message: `${name} is no name of a Kubernetes object` })
  const problem = namespaceProblem(kind, namespace)
  if (problem !== undefined) issues.push({ path: `${path}.${metadata}namespace`, message: problem })
  return issues
}

function repeatedIssues(refs: readonly { ref: ObjectRef; path: string }[]): Issue[] {
  const first = new Map<string, string>()
  return refs.flatMap(({ ref, path }): Issue[] => {
    const known = first.get(idOf(ref))
    if (known === undefined) first.set(idOf(ref), path)
    return known === undefined
      ? []
      : [{ path, message: `${named(ref)} is in ${known} already; say once what becomes of it` }]
  })
}

function issuesOf(world: World, { put, remove }: Wish): Issue[] {
  if (put.length + remove.length === 0)
    return [{ path: "put", message: "there is no object to put and none to remove; give one" }]
  const puts = put.map((object, at) => ({ ref: refOf(object), path: `put[${at}]` }))
  const removes = remove.map((ref, at) => ({ ref, path: `remove[${at}]` }))
  return [
    ...puts.flatMap(({ ref, path }) => placeIssues(world, ref, path)),
    ...removes.flatMap(({ ref, path }) => placeIssues(world, ref, path, "")),
    ...repeatedIssues([...puts, ...removes]),
  ]
}

const merged = (
  known: Readonly<Record<string, string>> | undefined,
  written: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined => (written === undefined ? known : { ...known, ...written })

/** The object that is there as the written one wants it: labels and annotations that it does not name stay, and what the server keeps. */
export function putOnto(known: KubeObject, written: KubeObject): KubeObject {
  const { apiVersion: _, kind: __, metadata, ...fields } = plainObject(written)
  const { labels, annotations, ...others } = metadata
  const all = {
    labels: merged(known.metadata.labels, labels),
    annotations: merged(known.metadata.annotations, annotations),
  }
  const after: KubeObject = {
    apiVersion: known.apiVersion,
    kind: known.kind,
    metadata: {
      ...known.metadata,
      ...others,
      ...(all.labels === undefined ? {} : { labels: all.labels }),
      ...(all.annotations === undefined ? {} : { annotations: all.annotations }),
    },
    ...fields,
    ...(known["status"] === undefined ? {} : { status: known["status"] }),
  }
  return asCompleted(after, known)
}

/** The edit that makes an object what is written; none when it is that already. */
export function putEdit(world: World, written: KubeObject): Edit[] {
  const ref = refOf(written)
  const known = world.object(ref)
  if (known === undefined) return [{ create: plainObject(written) }]
  const patch = patchBetween(known, putOnto(known, written))
  return patch.length === 0 ? [] : [{ object: ref, patch }]
}

function titleOf(world: World, { put, remove }: Wish): string {
  const [first] = put
  const [gone] = remove
  if (put.length + remove.length === 1) {
    if (gone !== undefined) return `Delete ${named(gone)}`
    if (first !== undefined)
      return `${world.object(refOf(first)) === undefined ? "Create" : "Apply"} ${named(refOf(first))}`
  }
  const count = (number: number): string => `${number} ${number === 1 ? "object" : "objects"}`
  const parts = [
    ...(put.length > 0 ? [`apply ${count(put.length)}`] : []),
    ...(remove.length > 0 ? [`delete ${count(remove.length)}`] : []),
  ]
  const text = parts.join(" and ")
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Objects that are about to go by somebody else's hand: what is written now goes with them. */
const going = (world: World, put: readonly KubeObject[]): Warning[] =>
  put
    .map((object) => world.object(refOf(object)))
    .filter((known) => known?.metadata.deletionTimestamp !== undefined)
    .flatMap((known) =>
      known === undefined
        ? []
        : [
            {
              code: "object.going",
              message: `${named(refOf(known))} is being deleted; it waits for ${finalizersOf(known)}`,
            },
          ],
    )

const finalizersOf = ({ metadata }: KubeObject): string =>
  Array.isArray(metadata["finalizers"]) ? metadata["finalizers"].join(", ") : "its finalizers"

/** Objects as they are to be, and objects that are to go. @throws AppError input.invalid */
export function plan(world: World, set: Wish): Plan {
  refuse(issuesOf(world, set))
  const { put, remove } = set
  const there = remove.filter((ref) => world.object(ref) !== undefined)
  const absent = remove.filter((ref) => world.object(ref) === undefined)
  const known = [...put.map(refOf), ...there].flatMap((ref) => world.object(ref) ?? [])
  return {
    edits: [...put.flatMap((object) => putEdit(world, object)), ...there.map((ref) => ({ remove: ref }))],
    title: titleOf(world, set),
    services: servicesOf(world, [...known, ...put]),
    warnings: [
      ...absent.map((ref) => ({ code: "object.absent", message: `${named(ref)} is not there` })),
      ...going(world, put),
    ],
  }
}
