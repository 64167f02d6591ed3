import type { Instance } from "../../../istio/instance.ts"
import type { Labels } from "../../../istio/mesh.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { list, record, stringMap } from "../../../topology/fact/read.ts"
import { type Report, type View, type Derived, derived } from "../../check.ts"
import { at } from "../../path.ts"
import { type Rule, rule } from "../../rule.ts"
import { isAnywhere, isSelecting, selected } from "./selection.ts"
import { labelsText, listed, wholes } from "./words.ts"

export const selectorUnmatched = rule({
  code: "selector.unmatched",
  aliases: ["IST0101", "KIA0004"],
  level: "warning",
  title: "Selector matches no workload",
  effect: "The object applies to nothing",
  remedy: "Correct the labels, or remove the object",
  source: "https://istio.io/latest/docs/reference/config/type/workload-selector/",
})

/** How objects of a kind choose workloads by labels. */
export type Selecting = {
  kind: string
  /** Where the labels are. */
  path: readonly string[]
  /** Whether those of the root namespace are for workloads of every namespace. */
  rootIsEverywhere: boolean
}

const isTargeted = (spec: Readonly<Record<string, unknown>>): boolean =>
  spec["targetRef"] !== undefined || list(spec["targetRefs"]).length > 0

/** The labels an object selects by; undefined when it selects by reference, empty when it is for its whole namespace. */
export function labelsOf(selecting: Selecting, object: KubeObject): Labels | undefined {
  const spec = record(object["spec"])
  if (isTargeted(spec)) return undefined
  let value: unknown = spec
  for (const step of selecting.path) value = record(value)[step]
  return value === undefined ? none : stringMap(value)
}
const none: Labels = {}

const isEmpty = (labels: Labels): boolean => {
  for (const _ in labels) return false
  return true
}

/** Reports a selector that matches nothing. True when it did. */
export function reportUnmatched(
  selecting: Selecting,
  object: KubeObject,
  view: View,
  report: Report,
): boolean {
  const labels = labelsOf(selecting, object)
  if (labels === undefined || isEmpty(labels)) return false
  const namespace = object.metadata.namespace ?? ""
  // The objects of a primary cluster are for the workloads of its remotes too.
  if (isSelecting(view, namespace, labels)) return false
  for (const other of view.others) if (isSelecting(other, namespace, labels)) return false
  const everywhere = selecting.rootIsEverywhere && namespace === view.settings.rootNamespace
  if (everywhere && isAnywhere(view, labels)) return false
  report(selectorUnmatched, {
    path: at("spec", ...selecting.path),
    message: `no workload ${everywhere ? "of any namespace" : `in namespace ${namespace}`} has the labels ${labelsText(labels)}`,
  })
  return true
}

type Selections = { whole: readonly KubeObject[]; byInstance: ReadonlyMap<string, readonly KubeObject[]> }

/** Which objects of a kind are for which workloads of a namespace. */
export const selectionsOf = (selecting: Selecting): Derived<Selections> =>
  derived({
    name: `selections-of-${selecting.kind}`,
    compute: (view, namespace) => {
      const whole: KubeObject[] = []
      const byInstance = new Map<string, KubeObject[]>()
      for (const object of view.inNamespace(selecting.kind, namespace)) {
        const labels = labelsOf(selecting, object)
        if (labels === undefined) continue
        if (isEmpty(labels)) whole.push(object)
        else
          for (const instance of selected(view, namespace, labels)) {
            const id = idOf(instance)
            const known = byInstance.get(id)
            if (known) known.push(object)
            else byInstance.set(id, [object])
          }
      }
      return { whole, byInstance }
    },
  })

const idOf = ({ object }: Instance): string => `${object.kind}/${object.name}`

const ageOf = (object: KubeObject): string => object.metadata.creationTimestamp ?? ""

/** The one that counts of several: the oldest, then by name. */
export function oldest(objects: readonly KubeObject[]): KubeObject | undefined {
  const known = oldestOf.get(objects)
  if (known !== undefined) return known
  let [first] = objects
  for (const object of objects) if (first !== undefined && isBefore(object, first)) first = object
  if (first !== undefined) oldestOf.set(objects, first)
  return first
}

/** Lists of what is selected are never changed; each of those in one asks for the same. */
const oldestOf = new WeakMap<readonly KubeObject[], KubeObject>()

const isBefore = (a: KubeObject, b: KubeObject): boolean =>
  ageOf(a) === ageOf(b) ? a.metadata.name < b.metadata.name : ageOf(a) < ageOf(b)

/** More are counted only. */
const mostNamed = 10

/** The first of the others, which are all that a message and its references name. */
function othersOf(object: KubeObject, all: readonly KubeObject[]): KubeObject[] {
  const others: KubeObject[] = []
  for (const other of all) if (other !== object && others.push(other) === mostNamed) break
  return others
}

/** `a, b, c and 7 more` of so many. */
function namesOf(objects: readonly KubeObject[], count: number): string {
  const names = objects.map(({ metadata }) => metadata.name)
  if (count <= names.length) return listed(names)
  return `${names.slice(0, 3).join(", ")} and ${count - 3} more`
}

const fate = (object: KubeObject, all: readonly KubeObject[]): string => {
  const first = oldest(all)
  return first === object ? "this one is the oldest and is taken" : `${first?.metadata.name ?? ""} is taken`
}

/** Reports objects without a selector that share a namespace. True when it did. */
export function reportDefaults(
  { selections, conflict }: { selections: Derived<Selections>; conflict: Rule },
  object: KubeObject,
  view: View,
  report: Report,
): boolean {
  const namespace = object.metadata.namespace ?? ""
  const { whole } = view.derive(selections, namespace)
  if (whole.length < 2 || !whole.includes(object)) return false
  const others = othersOf(object, whole)
  report(conflict, {
    path: "",
    message: `${namesOf(others, whole.length - 1)} ${others.length > 1 ? "are" : "is"} for the whole of namespace ${namespace} too; ${fate(object, whole)}`,
    references: wholes(others.map(refOf)),
  })
  return true
}

/** Reports objects that select a workload which another one selects too; `isOf` leaves out workloads that take neither. */
export function reportOverlaps(
  {
    selections,
    conflict,
    selecting,
  }: { selections: Derived<Selections>; conflict: Rule; selecting: Selecting },
  object: KubeObject,
  view: View,
  report: Report,
): void {
  const labels = labelsOf(selecting, object)
  if (labels === undefined || isEmpty(labels)) return
  const namespace = object.metadata.namespace ?? ""
  const instances = selected(view, namespace, labels)
  if (instances.length === 0) return
  const { byInstance } = view.derive(selections, namespace)
  for (const instance of instances) {
    const all = byInstance.get(idOf(instance))
    if (all === undefined || all.length < 2) continue
    const others = othersOf(object, all)
    report(conflict, {
      path: at("spec", ...selecting.path),
      message: `${namesOf(others, all.length - 1)} ${others.length > 1 ? "select" : "selects"} ${instance.object.kind === "Pod" ? "pod" : "workload entry"} ${instance.name} too; ${fate(object, all)}`,
      references: [...wholes(others.map(refOf)), { object: instance.object, path: "" }],
    })
    return
  }
}
