import type { Fields } from "../json.ts"
import {
  anything,
  anythings,
  closed,
  definition,
  integer,
  list,
  oneOf,
  open,
  port,
  text,
  textMap,
  texts,
} from "./definition.ts"

const group = "gateway.networking.k8s.io"
const categories = ["gateway-api"]

const byName = (items: Fields): Fields => ({
  ...list(items),
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name"],
})

const parentRef = closed(
  {
    group: { ...text, default: group },
    kind: { ...text, default: "Gateway" },
    namespace: text,
    name: text,
    sectionName: text,
    port,
  },
  "name",
)

const backendFields: Record<string, Fields> = {
  group: { ...text, default: "" },
  kind: { ...text, default: "Service" },
  name: text,
  namespace: text,
  port,
  weight: { ...integer, default: 1, minimum: 0 },
}

const backendRef = closed(backendFields, "name")
const filteredBackendRef = closed({ ...backendFields, filters: anythings }, "name")
const headerMatch = closed({ type: { ...text, default: "Exact" }, name: text, value: text }, "name", "value")

const httpRule = open({
  name: text,
  matches: list(
    closed({
      path: closed({ type: { ...text, default: "PathPrefix" }, value: { ...text, default: "/" } }),
      headers: byName(headerMatch),
      queryParams: byName(headerMatch),
      method: text,
    }),
  ),
  filters: list(open({ type: text }, "type")),
  backendRefs: list(filteredBackendRef),
  timeouts: closed({ request: text, backendRequest: text }),
  retry: anything,
})

const grpcRule = open({
  name: text,
  matches: list(
    closed({
      method: closed({ type: { ...text, default: "Exact" }, service: text, method: text }),
      headers: byName(headerMatch),
    }),
  ),
  filters: list(open({ type: text }, "type")),
  backendRefs: list(filteredBackendRef),
})

const route = (rule: Fields, hosts = true): Fields =>
  open({ parentRefs: list(parentRef), ...(hosts ? { hostnames: texts } : {}), rules: list(rule) })

const listener = open(
  {
    name: text,
    hostname: text,
    port,
    protocol: text,
    tls: open({ mode: { ...text, default: "Terminate" }, certificateRefs: anythings, options: textMap }),
    allowedRoutes: open({
      namespaces: open({
        from: { ...oneOf("All", "Selector", "Same", "None"), default: "Same" },
        selector: anything,
      }),
      kinds: anythings,
    }),
  },
  "name",
  "port",
  "protocol",
)

/** The kinds of the Gateway API. */
export const gatewayApi = [
  definition({
    key: `GatewayClass.${group}`,
    shortNames: ["gc"],
    categories,
    spec: open({ controllerName: text, parametersRef: anything, description: text }, "controllerName"),
    columns: { Controller: ".spec.controllerName" },
  }),
  definition({
    key: `Gateway.${group}`,
    shortNames: ["gtw"],
    categories,
    spec: open(
      {
        gatewayClassName: text,
        listeners: byName(listener),
        addresses: anythings,
        infrastructure: anything,
      },
      "gatewayClassName",
      "listeners",
    ),
    columns: { Class: ".spec.gatewayClassName" },
  }),
  definition({
    key: `HTTPRoute.${group}`,
    categories,
    spec: route(httpRule),
    columns: { Hostnames: ".spec.hostnames" },
  }),
  definition({
    key: `GRPCRoute.${group}`,
    categories,
    spec: route(grpcRule),
    columns: { Hostnames: ".spec.hostnames" },
  }),
  definition({
    key: `TLSRoute.${group}`,
    categories,
    spec: route(open({ backendRefs: list(backendRef) })),
  }),
  definition({
    key: `TCPRoute.${group}`,
    categories,
    spec: route(open({ backendRefs: list(backendRef) }), false),
  }),
  definition({
    key: `ReferenceGrant.${group}`,
    shortNames: ["refgrant"],
    categories,
    spec: closed(
      {
        from: list(closed({ group: text, kind: text, namespace: text }, "group", "kind", "namespace")),
        to: list(closed({ group: text, kind: text, name: text }, "group", "kind")),
      },
      "from",
      "to",
    ),
  }),
]
