import { type KubeObject, refOf } from "../../kube/object.ts"
import { record } from "../../topology/fact/read.ts"
import { patchBetween } from "../diff.ts"
import type { Edit } from "../edit.ts"
import type { MtlsForm, MtlsMode, MtlsScope } from "../form.ts"
import { refuse } from "../invalid.ts"
import { changedServices, servicesOf } from "../mtls/changed.ts"
import {
  type Place,
  objectOf,
  ownOf,
  peerAuthentication,
  placeOf,
  withModeAt,
  wordsOf,
} from "../mtls/place.ts"
import { overruled } from "../mtls/reading.ts"
import { breakage } from "../mtls/warnings.ts"
import { newObject } from "../new-object.ts"
import { worldAfter } from "../overlay.ts"
import { effectOf } from "../patch.ts"
import type { Plan, Warning } from "../plan.ts"
import { isOurs } from "../policy/place.ts"
import { isSame } from "../same.ts"
import type { World } from "../world.ts"

export { read } from "../mtls/reading.ts"

const titles: Readonly<Record<MtlsMode, string>> = {
  STRICT: "Require mutual TLS for",
  PERMISSIVE: "Allow mutual TLS and plain text for",
  DISABLE: "Disable mutual TLS for",
  UNSET: "Take away what is said of mutual TLS for",
}

function demandMode(world: World, { level }: Place, mode: MtlsMode): void {
  if (!world.serves(peerAuthentication))
    refuse([
      {
        path: "control",
        message:
          "this cluster does not serve PeerAuthentication; install Istio's CustomResourceDefinitions first",
      },
    ])
  if (level === "mesh" && (mode === "DISABLE" || mode === "UNSET"))
    refuse([
      {
        path: "mode",
        message: `mutual TLS is not ${mode === "DISABLE" ? "disabled" : "unset"} for the whole mesh; allow it (PERMISSIVE), or ${mode === "DISABLE" ? "disable" : "unset"} it for a namespace or service`,
      },
    ])
}

function made(world: World, { namespace, service }: Place): KubeObject {
  const name = service?.name ?? "default"
  const spec = service === undefined ? {} : { selector: { matchLabels: { ...service.selector } } }
  return newObject(world, { kind: peerAuthentication, namespace, name }, spec)
}

/** What we made goes when it says nothing any more. */
const isEmptied = (object: KubeObject, spec: object): boolean =>
  isOurs(object) && Object.keys(spec).every((field) => field === "selector")

function editsOf(world: World, place: Place, mode: MtlsMode): Edit[] {
  const known = objectOf(world, ownOf(world, place))
  if (known === undefined) {
    if (mode === "UNSET") return []
    const object = made(world, place)
    return [{ create: { ...object, spec: withModeAt(record(object["spec"]), place, mode) } }]
  }
  const spec = withModeAt(record(known["spec"]), place, mode)
  if (isSame(spec, known["spec"])) return []
  if (isEmptied(known, spec)) return [{ remove: refOf(known) }]
  return [{ object: refOf(known), patch: patchBetween(known, { ...known, spec }) }]
}

/** So many services are watched by a guard; of more, those with the most traffic. */
const mostServices = 50

function servicesAbout(world: World, place: Place): string[] {
  if (place.service !== undefined) return [`${place.namespace}/${place.service.name}`]
  const all = servicesOf(world, place)
  const rated = all.map((service) => ({
    name: `${service.namespace}/${service.name}`,
    rate: (all.length > mostServices ? (world.callers?.(service) ?? []) : []).reduce(
      (sum, { requestsPerSecond }) => sum + requestsPerSecond,
      0,
    ),
  }))
  return rated
    .toSorted((a, b) => b.rate - a.rate)
    .slice(0, mostServices)
    .map(({ name }) => name)
}

function warningsOf(world: World, place: Place, edits: readonly Edit[]): Warning[] {
  const effect = effectOf(edits, (ref) => world.object(ref))
  if (effect === undefined) return []
  const next = worldAfter(world, effect)
  return [...overruled(next, place), ...breakage(next, place, changedServices(world, next, place))]
}

/** The smallest edit that makes mutual TLS what is said at a place, and what would break by it. @throws AppError input.invalid */
export function plan(world: World, scope: MtlsScope, { mode }: MtlsForm): Plan {
  const place = placeOf(world, scope)
  demandMode(world, place, mode)
  const edits = editsOf(world, place, mode)
  return {
    edits,
    title: `${titles[mode]} ${wordsOf(place)}`,
    services: servicesAbout(world, place),
    warnings: edits.length === 0 ? [] : warningsOf(world, place, edits),
  }
}
