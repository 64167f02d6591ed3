import type { Change } from "#shared/api/change.ts"
import type { TopologySources } from "#shared/api/mesh.ts"
import { formatTime } from "#shared/format/time.ts"
import type { KubeObject, ObjectRef } from "#shared/kube/object.ts"

/** Where faults are injected, as the graph knows it. */
export type FaultPlace = { cluster: string; object: ObjectRef; hosts: readonly string[] }

export function faultPlaces(sources: TopologySources): FaultPlace[] {
  return sources.clusters.flatMap(({ cluster, facts }) =>
    facts.flatMap((fact) =>
      fact.type === "config" && fact.badges.includes("fault")
        ? [
            {
              cluster,
              object: { kind: fact.id.split("/")[0] ?? "", namespace: fact.namespace, name: fact.name },
              hosts: fact.hosts,
            },
          ]
        : [],
    ),
  )
}

/** `ratings.bookinfo.svc.cluster.local` -> the service; undefined for hosts outside of the mesh. */
export function serviceOfHost(host: string): { namespace: string; name: string } | undefined {
  const [name = "", namespace = "", svc] = host.split(".")
  return svc === "svc" && name !== "" && namespace !== "" ? { namespace, name } : undefined
}

type Json = Record<string, unknown>
const record = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const word = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : ""

/** Istio's older `percent` is a whole number; without either, every request. Source: istio.io, HTTPFaultInjection. */
function percentOf(fault: Json): string {
  const value = record(fault["percentage"])["value"] ?? fault["percent"]
  return typeof value === "number" ? String(Math.round(value * 100) / 100) : "100"
}

/** `2s` -> `2 s`. */
const spaced = (duration: string): string =>
  duration.replace(/(\d)([a-z])/g, "$1 $2").replace(/([a-z])(\d)/g, "$1 $2")

/** What a VirtualService injects, in words: `delay 2 s on 10 %`. */
export function faultTexts(object: KubeObject): string[] {
  const texts = list(record(object["spec"])["http"]).flatMap((route) => {
    const fault = record(record(route)["fault"])
    const [delay, abort] = [record(fault["delay"]), record(fault["abort"])]
    const code = word(abort["httpStatus"]) || word(abort["grpcStatus"])
    return [
      ...(word(delay["fixedDelay"]) === ""
        ? []
        : [`delay ${spaced(word(delay["fixedDelay"]))} on ${percentOf(delay)} %`]),
      ...(code === "" ? [] : [`abort ${code} on ${percentOf(abort)} %`]),
    ]
  })
  return [...new Set(texts)]
}

/** The change of ours that has set the fault of a service; undefined: it came otherwise. */
export const faultChange = (
  changes: readonly Change[],
  { cluster, service }: { cluster: string; service: string },
): Change | undefined => {
  const newest = changes.find(
    (change) =>
      change.intent?.control === "fault" &&
      change.services.includes(service) &&
      change.clusters.some((part) => part.cluster === cluster) &&
      change.state !== "failed",
  )
  return newest?.state === "applied" && newest.intent?.control === "fault" && newest.intent.set !== null
    ? newest
    : undefined
}

/** `delay 2 s on 10 % of ratings until 15:10`. */
export const faultSentence = (texts: readonly string[], name: string, until: number | null): string =>
  `${texts.length === 0 ? "fault injection" : texts.join(" and ")} ${texts.length === 0 ? "on" : "of"} ${name}${until === null ? "" : ` until ${formatTime(until)}`}`
