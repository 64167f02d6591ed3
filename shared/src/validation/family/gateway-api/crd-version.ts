import { check } from "../../check.ts"
import { rule } from "../../rule.ts"

export const definitionOld = rule({
  code: "gatewayapi.definition_old",
  aliases: ["IST0176"],
  level: "warning",
  title: "Definition of a Gateway API kind is older than Istio needs",
  effect: "istiod does not watch the kind: its objects do nothing",
  remedy: "Install a newer bundle of the Gateway API's definitions",
  source: "https://gateway-api.sigs.k8s.io/guides/#installing-gateway-api",
})

/** The first bundle whose definition istiod takes. Source: istio 1.30, `gatewayapi.MinimumCRDVersions`. */
const minimum: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["grpcroutes.gateway.networking.k8s.io", [1, 1]],
  ["backendtlspolicies.gateway.networking.k8s.io", [1, 4]],
  ["tlsroutes.gateway.networking.k8s.io", [1, 5]],
  ["tcproutes.gateway.networking.k8s.io", [1, 6]],
])

const annotation = "gateway.networking.k8s.io/bundle-version"
const version = /^v?(\d+)(?:\.(\d+))?(?:\.\d+)?(?:-[\w.-]+)?(?:\+[\w.-]+)?$/

export const definitionVersion = check({
  name: "gatewayapi/definition",
  subject: "CustomResourceDefinition.apiextensions.k8s.io",
  reads: [],
  rules: [definitionOld],
  run: (object, _view, report) => {
    const wanted = minimum.get(object.metadata.name)
    const written = object.metadata.annotations?.[annotation]
    if (wanted === undefined || typeof written !== "string") return
    const found = version.exec(written)
    if (found === null) return
    const [major, minor] = [Number(found[1]), Number(found[2] ?? "0")]
    if (major > wanted[0] || (major === wanted[0] && minor >= wanted[1])) return
    report(definitionOld, {
      path: `metadata.annotations["${annotation}"]`,
      message: `${object.metadata.name} is of bundle ${written}; istiod takes it from v${wanted[0]}.${wanted[1]}.0`,
    })
  },
})
