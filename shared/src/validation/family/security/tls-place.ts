import { type Json, list, number, record, stringMap, text } from "../../../topology/fact/read.ts"

export type TlsMode = "DISABLE" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL"

/** One place of a DestinationRule that says how connections are secured. */
export type TlsPlace = {
  /** Of the `tls` object. */
  path: string
  mode: TlsMode
  tls: Json
  /** The service port it is for; 0: all. */
  port: number
  /** The labels of its subset; undefined for the rule's own policy. */
  labels: Readonly<Record<string, string>> | undefined
}

const modes = new Set(["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"])
const isMode = (mode: string): mode is TlsMode => modes.has(mode)

/** `mode` is DISABLE where it is left out of a `tls` that is there. */
const modeOf = (tls: Json): string => (tls["mode"] === undefined ? "DISABLE" : text(tls["mode"]))

function addPlaces(places: TlsPlace[], policy: Json, path: string, labels: TlsPlace["labels"]): void {
  if (policy["tls"] !== undefined) {
    const tls = record(policy["tls"])
    const mode = modeOf(tls)
    if (isMode(mode)) places.push({ path: `${path}.tls`, mode, tls, port: 0, labels })
  }
  if (policy["portLevelSettings"] === undefined) return
  list(policy["portLevelSettings"]).forEach((item, at) => {
    const setting = record(item)
    if (setting["tls"] === undefined) return
    const tls = record(setting["tls"])
    const mode = modeOf(tls)
    const port = number(record(setting["port"])["number"])
    if (isMode(mode) && port > 0)
      places.push({ path: `${path}.portLevelSettings[${at}].tls`, mode, tls, port, labels })
  })
}

const none: readonly TlsPlace[] = []

/** All places of a DestinationRule's spec that set a TLS mode. Most rules have none. */
export function tlsPlaces(spec: Json): readonly TlsPlace[] {
  const subsets = spec["subsets"]
  if (spec["trafficPolicy"] === undefined && subsets === undefined) return none
  const places: TlsPlace[] = []
  if (spec["trafficPolicy"] !== undefined)
    addPlaces(places, record(spec["trafficPolicy"]), "spec.trafficPolicy", undefined)
  if (subsets !== undefined)
    list(subsets).forEach((item, at) => {
      const subset = record(item)
      if (subset["trafficPolicy"] !== undefined)
        addPlaces(
          places,
          record(subset["trafficPolicy"]),
          `spec.subsets[${at}].trafficPolicy`,
          stringMap(subset["labels"]),
        )
    })
  return places
}
