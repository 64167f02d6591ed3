import { configHost } from "../../../istio/host.ts"
import { refOf } from "../../../kube/object.ts"
import { type Json, list, number, record, text } from "../../../topology/fact/read.ts"
import { type Report, check } from "../../check.ts"
import type { KubeObject } from "../../../kube/object.ts"
import type { Fix } from "../../finding.ts"
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

/** Whether requests of both entries go to the same place, as Istio tells destinations apart. */
function isSamePlace(a: Json, b: Json, namespace: string, domain: string): boolean {
  if (text(a["subset"]) !== text(b["subset"])) return false
  if (number(record(a["port"])["number"]) !== number(record(b["port"])["number"])) return false
  const [one, other] = [text(a["host"]), text(b["host"])]
  if (one === "" || other === "") return false
  return one === other || configHost(one, namespace, domain) === configHost(other, namespace, domain)
}

type Place = { namespace: string; domain: string; path: string }

/** Both in one, with the sum of their weights. Only where an entry says no more than where to go. */
function joined(
  object: KubeObject,
  entries: readonly unknown[],
  path: string,
  [before, at]: [number, number],
): Fix | undefined {
  const [one, other] = [record(entries[before]), record(entries[at])]
  if (one["headers"] !== undefined || other["headers"] !== undefined) return undefined
  const sum = number(one["weight"]) + number(other["weight"])
  const { weight: _, ...alone } = one
  const entry = entries.length === 2 ? alone : { ...one, weight: sum }
  return {
    title: "Join the two entries",
    edits: [
      {
        object: refOf(object),
        patch: [
          { op: "replace", path: pointerOf(`${path}[${before}]`), value: entry },
          { op: "remove", path: pointerOf(`${path}[${at}]`) },
        ],
      },
    ],
  }
}

function repeated(
  object: KubeObject,
  entries: readonly unknown[],
  { namespace, domain, path }: Place,
  report: Report,
): void {
  for (let j = 1; j < entries.length; j++) {
    const destination = record(record(entries[j])["destination"])
    for (let before = 0; before < j; before++) {
      const other = record(record(entries[before])["destination"])
      if (!isSamePlace(other, destination, namespace, domain)) continue
      const subset = text(destination["subset"])
      const fix = joined(object, entries, path, [before, j])
      report(destinationRepeated, {
        path: `${path}[${j}].destination`,
        message: `${text(destination["host"])}${subset === "" ? "" : ` subset ${subset}`} is the destination of route[${before}] already`,
        ...(fix === undefined ? {} : { fix }),
      })
      break
    }
  }
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
        if (entries.length === 0) continue
        if (entries.length > 1) {
          const path = `spec.${section}[${i}].route`
          repeated(object, entries, { namespace, domain: settings.domain, path }, report)
        } else if (record(entries[0])["weight"] !== undefined)
          lone(object, record(entries[0]), `spec.${section}[${i}].route[0]`, report)
      }
    }
  },
})
