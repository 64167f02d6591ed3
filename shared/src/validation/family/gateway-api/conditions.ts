import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, number, record, text } from "../../../topology/fact/read.ts"
import { type Check, type Report, check } from "../../check.ts"
import { at } from "../../path.ts"
import { type Rule, rule } from "../../rule.ts"
import {
  gatewayKind,
  grpcRouteKind,
  httpRouteKind,
  serviceEntryKind,
  tcpRouteKind,
  tlsRouteKind,
} from "./kinds.ts"

const remedy = "Do what the condition says; the controller writes it anew when it has looked again"

export const conditionNegative = rule({
  code: "status.condition_negative",
  aliases: ["IST0171"],
  level: "warning",
  title: "Status says that the object does not work",
  effect: "The controller has not accepted the object, or a part of it",
  remedy,
})
export const gatewayCondition = rule({
  code: "kubernetesgateway.condition_negative",
  aliases: ["IST0171", "GWAPI"],
  level: "warning",
  title: "Status says that the Gateway does not work",
  effect: "The controller has not accepted the Gateway, or has no proxy for it",
  remedy,
  source: "https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus",
})

const waypoint: ReadonlySet<string> = new Set(["istio.io/WaypointBound"])
const policy: ReadonlySet<string> = new Set(["ZtunnelAccepted", "WaypointAccepted"])
const routed: ReadonlySet<string> = new Set(["Accepted", "Programmed", "ResolvedRefs"])

/** A condition that was written for an earlier content of the object says nothing of this one. */
const isStale = (condition: Json, object: KubeObject): boolean =>
  typeof condition["observedGeneration"] === "number" &&
  typeof object.metadata["generation"] === "number" &&
  number(condition["observedGeneration"]) < number(object.metadata["generation"])

/** An authorization policy of which a waypoint took only a part says so in a condition that is true. */
const isPartial = (condition: Json): boolean =>
  condition["type"] === "WaypointAccepted" && condition["reason"] === "PartiallyInvalid"

function reportConditions(
  { object, said, types }: { object: KubeObject; said: Rule; types: ReadonlySet<string> },
  { conditions, path }: { conditions: unknown; path: string },
  report: Report,
): void {
  const all = list(conditions)
  for (let index = 0; index < all.length; index++) {
    const condition = record(all[index])
    if (!types.has(text(condition["type"])) || isStale(condition, object)) continue
    if (condition["status"] !== "False" && !isPartial(condition)) continue
    const message = text(condition["message"]).trim().replace(/\.$/, "")
    report(said, {
      path: at(path, index),
      message: `${text(condition["type"])} is ${text(condition["status"])}: ${text(condition["reason"])}${message === "" ? "" : `: ${message}`}`,
    })
  }
}

const of = (kind: string, types: ReadonlySet<string>, said: Rule = conditionNegative): Check =>
  check({
    name: `status/${kind}`,
    subject: kind,
    reads: [],
    rules: [said],
    run: (object, _view, report) => {
      const status = object["status"]
      if (status === undefined) return
      const found = { object, said, types }
      const { conditions, parents } = record(status)
      if (conditions !== undefined) reportConditions(found, { conditions, path: "status.conditions" }, report)
      for (const [index, parent] of list(parents).entries())
        reportConditions(
          found,
          { conditions: record(parent)["conditions"], path: at("status", "parents", index, "conditions") },
          report,
        )
    },
  })

export const conditionChecks: readonly Check[] = [
  of("Service", waypoint),
  of(serviceEntryKind, waypoint),
  of("WorkloadEntry.networking.istio.io", waypoint),
  of("AuthorizationPolicy.security.istio.io", policy),
  of(gatewayKind, routed, gatewayCondition),
  ...[httpRouteKind, grpcRouteKind, tlsRouteKind, tcpRouteKind].map((kind) => of(kind, routed)),
]
