import { list, record, text } from "../../../topology/fact/read.ts"
import { check, derived, meshNetworksKind } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { deploymentKind, requestAuthenticationKind } from "./kinds.ts"

export const registryUnknown = rule({
  code: "meshnetworks.registry_unknown",
  aliases: ["IST0126"],
  level: "error",
  title: "Network of a cluster that is not attached",
  effect: "No endpoint is assigned to the network, so traffic to it does not go through its gateway",
  remedy: "Attach the cluster by its remote secret, or correct fromRegistry",
})
export const jwksUnrestricted = rule({
  code: "istiod.jwks_fetch_unrestricted",
  aliases: ["IST0175"],
  level: "warning",
  title: "istiod fetches JWKS from any address",
  effect: "Who may write a RequestAuthentication can make istiod call addresses inside of the cluster",
  remedy: "Set BLOCKED_CIDRS_IN_JWKS_URIS on istiod",
})

const builtIn = new Set(["Mock", "Kubernetes", "External"])

const attached = derived({
  name: "clusters by remote secrets",
  compute: (view) =>
    new Set(
      view
        .all("Secret")
        .filter(({ metadata }) => metadata.labels?.["istio/multiCluster"] === "true")
        .flatMap((secret) => Object.keys(record(secret["data"]))),
    ),
})

export const meshNetworks = check({
  name: "meshnetworks/registries",
  subject: meshNetworksKind,
  reads: ["Secret"],
  needs: ["Secret"],
  rules: [registryUnknown],
  run: (document, view, report) => {
    const networks = record(record(document["spec"])["networks"])
    for (const name of Object.keys(networks).sort())
      for (const [index, endpoint] of list(record(networks[name])["endpoints"]).entries()) {
        const registry = text(record(endpoint)["fromRegistry"])
        if (registry === "" || builtIn.has(registry) || view.derive(attached, "").has(registry)) continue
        report(registryUnknown, {
          path: `${at("spec.networks", name)}.endpoints[${index}].fromRegistry`,
          message: `no remote secret attaches a cluster ${registry}, which network ${name} names`,
        })
      }
  },
})

export const jwksFetch = check({
  name: "deployment/jwks-fetch",
  subject: deploymentKind,
  reads: [requestAuthenticationKind],
  rules: [jwksUnrestricted],
  run: (deployment, view, report) => {
    if (deployment.metadata.labels?.["app"] !== "istiod") return
    const containers = list(record(record(record(deployment["spec"])["template"])["spec"])["containers"])
    const isSet = containers
      .flatMap((container) => list(record(container)["env"]).map(record))
      .some((variable) => variable["name"] === "BLOCKED_CIDRS_IN_JWKS_URIS" && text(variable["value"]) !== "")
    if (isSet) return
    const requests = view.all(requestAuthenticationKind)
    if (requests.length === 0) return
    report(jwksUnrestricted, {
      path: "spec.template.spec.containers",
      message: `BLOCKED_CIDRS_IN_JWKS_URIS is not set, and there ${requests.length === 1 ? "is a RequestAuthentication" : `are ${requests.length} RequestAuthentications`}`,
      references: requests.slice(0, 20).map(({ metadata }) => ({
        object: { kind: requestAuthenticationKind, namespace: metadata.namespace ?? "", name: metadata.name },
        path: "spec.jwtRules",
      })),
    })
  },
})
