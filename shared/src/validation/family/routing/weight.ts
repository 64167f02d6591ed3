import { configHost } from "../../../istio/host.ts"
import { refOf } from "../../../kube/object.ts"
import { type Json, list, number, record, text } from "../../../topology/fact/read.ts"
import { type Report, check } from "../../check.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { pointerOf } from "../../path.ts"
import { rule } from "../../rule.ts"
import { virtualServiceKind } from "./kinds.ts"
import { sections } from "./target.ts"

const source =
  "https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRouteDestination"

export const loneWeight = rule({
  code: "virtualservice.lone_weight",
  aliases: ["KIA1104"],
  level: "warning",
  title: "A lone destination has a weight below 100",
  effect: "Weights only divide traffic between destinations: a lone one gets all of it, whatever its weight",
  remedy: "Remove the weight, or add the destination that is to get the rest",
  source,
})

export const destinationRepeated = rule({
  code: "virtualservice.destination_repeated",
  aliases: ["KIA1105"],
  level: "warning",
  title: "A route names the same destination twice",
  effect: "Both shares go to the same place, as one entry with their sum would",
  remedy: "Join the two entries, or correct the host, subset or port of one",
  source,
})

/** Where requests of an entry go, as Istio tells destinations apart. */
function placeOf(destination: Json, namespace: string, domain: string): string {
  const host = configHost(text(destination["host"]), namespace, domain)
  return `${host} ${text(destination["subset"])} ${number(record(destination["port"])["number"])}`
}

function lone(object: KubeObject, entry: Json, path: string, report: Report): void {
  const weight = number(entry["weight"])
  if (weight <= 0 || weight >= 100) return
  report(loneWeight, {
    path: `${path}.weight`,
    message: `Weight ${weight} of the only destination counts as 100`,
    fix: {
      title: "Remove the weight",
      edits: [{ object: refOf(object), patch: [{ op: "remove", path: pointerOf(`${path}.weight`) }] }],
    },
  })
}

export const weights = check({
  name: "virtualservice/weights",
  subject: virtualServiceKind,
  reads: [],
  rules: [loneWeight, destinationRepeated],
  run: (object, { settings }, report) => {
    const spec = record(object["spec"])
    const namespace = object.metadata.namespace ?? ""
    for (const section of sections) {
      const routes = list(spec[section])
      for (let i = 0; i < routes.length; i++) {
        const entries = list(record(routes[i])["route"])
        const path = `spec.${section}[${i}].route`
        if (entries.length === 1) lone(object, record(entries[0]), `${path}[0]`, report)
        if (entries.length < 2) continue
        const places = entries.map((entry) =>
          placeOf(record(record(entry)["destination"]), namespace, settings.domain),
        )
        for (const [j, place] of places.entries()) {
          const before = places.indexOf(place)
          if (before === j || place.startsWith(" ")) continue
          const { host, subset } = record(record(entries[j])["destination"])
          report(destinationRepeated, {
            path: `${path}[${j}].destination`,
            message: `${text(host)}${text(subset) === "" ? "" : ` subset ${text(subset)}`} is the destination of route[${before}] already`,
          })
        }
      }
    }
  },
})
