import type { Example } from "../../check.ts"
import { documents } from "../services/examples-yaml.ts"
import {
  attached,
  gateway,
  http,
  httpRoute,
  listening,
  referenceGrant,
  secret,
  service,
  toCart,
} from "./examples-yaml.ts"

const https = (ref: string): string =>
  `name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ ${ref} }] }`

const grant = referenceGrant(
  "certificates",
  'from: [{ group: gateway.networking.k8s.io, kind: Gateway, namespace: front }]\nto: [{ group: "", kind: Secret }]',
)

const conditions = (status: string): string =>
  `\nstatus:\n  parents:\n  - parentRef: { name: gw }\n    controllerName: istio.io/gateway-controller\n    conditions: [{ type: ResolvedRefs, status: "${status}", reason: BackendNotFound, message: "backend(cart.shop.svc.cluster.local) not found" }]`

const programmed = (status: string): string =>
  `\nstatus:\n  conditions: [{ type: Programmed, status: "${status}", reason: AddressNotAssigned, message: "no address yet" }]`

const definition = (bundle: string): string =>
  `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: tlsroutes.gateway.networking.k8s.io\n  annotations: { gateway.networking.k8s.io/bundle-version: ${bundle} }`

const base = documents(gateway("gw", listening(http)), service("cart"))

export const gatewayExamples: readonly Example[] = [
  {
    code: "kubernetesgateway.host_elsewhere",
    fires: documents(
      gateway("a", listening(`${http}, hostname: shop.example`)),
      gateway("b", listening(`${http}, hostname: shop.example`)),
    ),
    silent: documents(
      gateway("a", listening(`${http}, hostname: shop.example`)),
      gateway("b", listening(`${http}, hostname: cart.example`)),
    ),
  },
  {
    code: "kubernetesgateway.address_elsewhere",
    fires: documents(
      gateway("a", `${listening(http)}\naddresses: [{ value: 192.0.2.1 }]`),
      gateway("b", `${listening(http)}\naddresses: [{ type: IPAddress, value: 192.0.2.1 }]`),
    ),
    silent: documents(
      gateway("a", `${listening(http)}\naddresses: [{ value: 192.0.2.1 }]`),
      gateway("b", `${listening(http)}\naddresses: [{ value: 192.0.2.2 }]`),
    ),
  },
  {
    code: "kubernetesgateway.listener_conflict",
    fires: gateway("gw", listening(http, "name: tcp, port: 80, protocol: TCP")),
    silent: gateway(
      "gw",
      listening(`${http}, hostname: a.example`, "name: b, port: 80, protocol: HTTP, hostname: b.example"),
    ),
  },
  {
    code: "kubernetesgateway.class_unknown",
    fires: gateway("gw", listening(http).replace("istio", "isto")),
    silent: gateway("gw", listening(http).replace("istio", "nginx")),
    note: "A class of another controller may be there where no GatewayClass is known",
  },
  {
    code: "kubernetesgateway.protocol_unsupported",
    fires: gateway("gw", listening("name: http, port: 80, protocol: http")),
    silent: gateway("gw", listening(http)),
  },
  {
    code: "kubernetesgateway.certificate_not_granted",
    fires: documents(
      secret("shop-tls"),
      gateway("gw", listening(https("name: shop-tls, namespace: shop")), { namespace: "front" }),
    ),
    silent: documents(
      secret("shop-tls"),
      `apiVersion: v1\nkind: Namespace\nmetadata: { name: front }`,
      gateway("gw", listening(https("name: shop-tls, namespace: shop")), { namespace: "front" }),
      grant,
    ),
  },
  {
    code: "kubernetesgateway.certificate_unknown",
    fires: documents(secret("shop-tls"), gateway("gw", listening(https("name: shop-tsl")))),
    silent: documents(secret("shop-tls"), gateway("gw", listening(https("name: shop-tls")))),
  },
  {
    code: "kubernetesgateway.certificate_kind",
    fires: gateway("gw", listening(https("kind: ConfigMap, name: shop-tls"))),
    silent: documents(secret("shop-tls"), gateway("gw", listening(https("kind: Secret, name: shop-tls")))),
  },
  {
    code: "status.condition_negative",
    fires: documents(base, `${httpRoute("cart", attached(toCart))}${conditions("False")}`),
    silent: documents(base, `${httpRoute("cart", attached(toCart))}${conditions("True")}`),
  },
  {
    code: "kubernetesgateway.condition_negative",
    fires: `${gateway("gw", listening(http))}${programmed("False")}`,
    silent: `${gateway("gw", listening(http))}${programmed("True")}`,
  },
  {
    code: "gatewayapi.definition_old",
    fires: definition("v1.4.1"),
    silent: definition("v1.5.0-rc.1"),
  },
]
