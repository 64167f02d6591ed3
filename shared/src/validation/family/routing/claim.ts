import { gatewayName, isSubset } from "../../../istio/mesh.ts"
import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, stringMap, strings } from "../../../topology/fact/read.ts"
import { type View, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { type GatewayClient, clientsOfGateway, modelOf } from "./client.ts"
import { gatewayOf } from "./gateways.ts"
import { gatewayKind, requestAuthenticationKind, virtualServiceKind } from "./kinds.ts"

const source = "https://istio.io/latest/docs/tasks/security/authentication/jwt-route/"

export const claimWithoutAuthentication = rule({
  code: "virtualservice.claim_without_authentication",
  aliases: ["IST0149"],
  level: "error",
  title: "Route matches a claim of a token that nobody checks",
  effect:
    "Claims are only read by a RequestAuthentication; without one for the gateway the match never holds (one of withoutHeaders always does)",
  remedy: "Add a RequestAuthentication that selects the gateway's pods",
  source,
})

const prefix = "@request.auth.claims"

/** `@request.auth.claims.group`, `@request.auth.claims[group]`. Source: istio pkg/jwt `ToRoutingClaim`. */
function isClaim(name: string): boolean {
  if (!name.startsWith("@") || !name.toLowerCase().startsWith(prefix)) return false
  const rest = name.slice(prefix.length)
  return (
    (rest.startsWith(".") && rest.length > 1) ||
    (rest.startsWith("[") && rest.endsWith("]") && rest.length > 2)
  )
}

type Claim = { name: string; path: string }

const fields = ["headers", "withoutHeaders"] as const

function claimIn(match: Json): Claim | undefined {
  for (const field of fields) {
    const headers = record(match[field])
    for (const name in headers) if (isClaim(name)) return { name, path: `${field}[${JSON.stringify(name)}]` }
  }
  return undefined
}

function firstClaim(spec: Json): Claim | undefined {
  const routes = list(spec["http"])
  for (let i = 0; i < routes.length; i++) {
    const matches = list(record(routes[i])["match"])
    for (let j = 0; j < matches.length; j++) {
      const found = claimIn(record(matches[j]))
      if (found !== undefined) return { name: found.name, path: `spec.http[${i}].match[${j}].${found.path}` }
    }
  }
  return undefined
}

/** Whether a policy is for a proxy: by its labels, or, by reference, for a gateway of the Gateway API. */
function isFor(policy: KubeObject, { labels }: GatewayClient): boolean {
  const spec = record(policy["spec"])
  if (spec["targetRefs"] !== undefined || spec["targetRef"] !== undefined) return false
  return isSubset(stringMap(record(spec["selector"])["matchLabels"]), labels)
}

function isAuthenticated(view: View, client: GatewayClient): boolean {
  const { rootNamespace } = view.settings
  const own = view.inNamespace(requestAuthenticationKind, client.namespace)
  const root =
    client.namespace === rootNamespace ? [] : view.inNamespace(requestAuthenticationKind, rootNamespace)
  return own.some((policy) => isFor(policy, client)) || root.some((policy) => isFor(policy, client))
}

export const claims = check({
  name: "virtualservice/claims",
  subject: virtualServiceKind,
  reads: [virtualServiceKind, gatewayKind, "Pod", requestAuthenticationKind],
  needs: [gatewayKind, "Pod", requestAuthenticationKind],
  rules: [claimWithoutAuthentication],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    const claim = firstClaim(spec)
    const config = claim && modelOf(view, object)
    if (claim === undefined || config === undefined) return
    for (const written of strings(spec["gateways"])) {
      const name = gatewayName(written, config.namespace)
      if (name === "mesh" || gatewayOf(view, name) === undefined) continue
      const clients = view.derive(clientsOfGateway, name).filter(({ known }) => known)
      const open = clients.filter((client) => !isAuthenticated(view, client))
      if (open.length === 0) continue
      const where = [...new Set(open.map(({ namespace }) => namespace))].sort().join(", ")
      report(claimWithoutAuthentication, {
        path: claim.path,
        message: `No RequestAuthentication is for the pods of Gateway ${name} in ${where === "" ? "their namespace" : where}, so ${claim.name} is never there`,
        references: [
          {
            object: {
              kind: gatewayKind,
              namespace: name.slice(0, name.indexOf("/")),
              name: name.slice(name.indexOf("/") + 1),
            },
            path: "spec.selector",
          },
        ],
      })
    }
  },
})
