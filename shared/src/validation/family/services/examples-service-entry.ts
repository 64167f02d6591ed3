import type { Example } from "../../check.ts"
import { documents, host, namespace, service, serviceEntry } from "./examples-yaml.ts"

const entry = (hosts: string, ports: string, more = ""): string =>
  `hosts: [${hosts}]\nports: [${ports}]\nresolution: DNS${more === "" ? "" : `\n${more}`}`

const tcp = "{ number: 5432, name: tcp-db, protocol: TCP }"
const https = "{ number: 443, name: https, protocol: HTTPS }"
const http443 = "{ number: 443, name: http, protocol: HTTP }"
const privately = 'exportTo: ["."]'

export const serviceEntryExamples: readonly Example[] = [
  {
    code: "serviceentry.addresses_missing",
    fires: serviceEntry("db", entry("db.example.com", tcp)),
    silent: serviceEntry("db", entry("db.example.com", tcp, "addresses: [10.9.0.1]")),
  },
  {
    code: "serviceentry.port_name",
    fires: serviceEntry("api", entry("api.example.com", "{ number: 80, name: tcp-api, protocol: HTTP }")),
    silent: serviceEntry("api", entry("api.example.com", "{ number: 80, name: port-80, protocol: HTTP }")),
  },
  {
    code: "serviceentry.protocol_conflict",
    fires: documents(
      serviceEntry("api", entry("api.example.com", https)),
      serviceEntry("api", entry("api.example.com", http443), { namespace: "front" }),
    ),
    silent: documents(
      serviceEntry("api", entry("api.example.com", https, privately)),
      serviceEntry("api", entry("api.example.com", http443, privately), { namespace: "front" }),
    ),
    note: "No client sees both",
  },
  {
    code: "serviceentry.duplicate",
    fires: documents(
      serviceEntry("api-a", entry("api.example.com", https)),
      serviceEntry("api-b", entry("api.example.com", https)),
    ),
    silent: documents(
      serviceEntry("api-a", entry("api.example.com", https)),
      serviceEntry("api-b", entry("api.example.com", "{ number: 80, name: http, protocol: HTTP }")),
    ),
  },
  {
    code: "serviceentry.shadows_service",
    fires: documents(
      service("cart"),
      serviceEntry("cart", entry(host("cart"), "{ number: 80, name: http, protocol: HTTP }"), {
        namespace: "front",
      }),
    ),
    silent: documents(
      service("cart"),
      serviceEntry("cart", entry("cart.shop.example", "{ number: 80, name: http, protocol: HTTP }"), {
        namespace: "front",
      }),
    ),
  },
  {
    code: "serviceentry.address_overlap",
    fires: documents(
      serviceEntry("db-a", entry("a.example.com", tcp, "addresses: [10.9.0.1]")),
      serviceEntry("db-b", entry("b.example.com", tcp, "addresses: [10.9.0.1]")),
    ),
    silent: documents(
      serviceEntry("api-a", entry("a.example.com", https, "addresses: [10.9.0.1]")),
      serviceEntry("api-b", entry("b.example.com", https, "addresses: [10.9.0.1]")),
    ),
    note: "TLS is told apart by its server name",
  },
  {
    code: "exportto.namespace_unknown",
    fires: documents(
      namespace("shop"),
      serviceEntry("api", entry("api.example.com", https, "exportTo: ['.', frnt]")),
    ),
    silent: documents(
      namespace("shop"),
      namespace("front"),
      serviceEntry("api", entry("api.example.com", https, 'exportTo: [".", front]')),
    ),
  },
  {
    code: "service.cluster_drift",
    fires: service("cart"),
    silent: service("stock"),
    clusters: {
      west: documents(
        service("cart").replace("port: 80", "port: 8080"),
        service("stock").replace("targetPort: 8080", "targetPort: 9090"),
      ),
    },
    note: "Target ports may differ",
  },
]
