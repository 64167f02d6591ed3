import type { KubeObject } from "../../../kube/object.ts"
import { list, number, record, stringMap, strings, text } from "../../../topology/fact/read.ts"
import { type View, check, meshConfigKind } from "../../check.ts"
import { rule } from "../../rule.ts"
import { deploymentKind, serviceEntryKind } from "./kinds.ts"

export const addressesMissing = rule({
  code: "serviceentry.addresses_missing",
  aliases: ["IST0134"],
  level: "warning",
  title: "TCP port of a ServiceEntry without addresses",
  effect:
    "TCP has no host name to go by, so that the proxy takes all traffic to the port number, whatever its address",
  remedy: "Give the entry addresses, or let Istio allocate them and proxies answer DNS",
  source:
    "https://istio.io/latest/docs/ops/configuration/traffic-management/dns-proxy/#address-auto-allocation",
})
export const portName = rule({
  code: "serviceentry.port_name",
  aliases: ["KIA0601"],
  level: "info",
  title: "Port of a ServiceEntry is named after another protocol than its own",
  effect: "The protocol counts, the name does not",
  remedy: "Name the port after its protocol, or correct the protocol",
})

const isTrue = (value: unknown): boolean => value === "true" || value === true

/** Whether proxies answer DNS and give hosts without addresses one of their own. */
function isCapturing(view: View): boolean {
  for (const config of view.all(meshConfigKind)) {
    const metadata = record(record(record(config["spec"])["defaultConfig"])["proxyMetadata"])
    if (
      isTrue(metadata["ISTIO_META_DNS_CAPTURE"]) &&
      (isTrue(metadata["ISTIO_META_DNS_AUTO_ALLOCATE"]) || isTrue(metadata["PILOT_ENABLE_IP_AUTOALLOCATE"]))
    )
      return true
  }
  return false
}

const isIstiod = (object: KubeObject): boolean => stringMap(object.metadata.labels)["app"] === "istiod"

function isAllocating(view: View): boolean {
  for (const object of view.inNamespace(deploymentKind, view.istioNamespace)) {
    if (!isIstiod(object)) continue
    for (const container of list(record(record(record(object["spec"])["template"])["spec"])["containers"]))
      for (const variable of list(record(container)["env"])) {
        const { name, value } = record(variable)
        if (name === "PILOT_ENABLE_IP_AUTOALLOCATE" && isTrue(value)) return true
      }
  }
  return false
}

/** Whether Istio's controller gives this entry addresses: not without resolution, not when the entry says no. Source: pilot, `ip_autoallocation.go`. */
const isEligible = (object: KubeObject, spec: Readonly<Record<string, unknown>>): boolean =>
  spec["resolution"] !== undefined &&
  spec["resolution"] !== "NONE" &&
  stringMap(object.metadata.labels)["networking.istio.io/enable-autoallocate-ip"]?.toLowerCase() !== "false"

export const serviceEntryAddresses = check({
  name: "serviceentry/addresses",
  subject: serviceEntryKind,
  reads: [meshConfigKind, deploymentKind],
  rules: [addressesMissing],
  run: (object, view, report) => {
    const spec = record(object["spec"])
    if (list(spec["addresses"]).length > 0) return
    const ports = list(spec["ports"])
    const index = ports.findIndex((port) => {
      const protocol = text(record(port)["protocol"]).toUpperCase()
      return protocol === "" || protocol === "TCP"
    })
    if (index < 0 || list(record(object["status"])["addresses"]).length > 0) return
    if (isCapturing(view) || (isEligible(object, spec) && isAllocating(view))) return
    const port = record(ports[index])
    report(addressesMissing, {
      path: `spec.ports[${index}]`,
      message: `port ${number(port["number"])} is ${text(port["protocol"]) === "" ? "TCP, as it has no protocol" : "TCP"}, and ${strings(spec["hosts"]).join(", ")} has no addresses`,
    })
  },
})

/** Protocols that names of ports begin with. */
const named: ReadonlyMap<string, string> = new Map([
  ["http", "HTTP"],
  ["http2", "HTTP"],
  ["grpc", "HTTP"],
  ["https", "TLS"],
  ["tls", "TLS"],
  ["tcp", "TCP"],
  ["mongo", "TCP"],
  ["mysql", "TCP"],
  ["redis", "TCP"],
])

export const serviceEntryPorts = check({
  name: "serviceentry/ports",
  subject: serviceEntryKind,
  reads: [],
  rules: [portName],
  run: (object, _view, report) => {
    const ports = list(record(object["spec"])["ports"])
    for (let at = 0; at < ports.length; at++) {
      const port = record(ports[at])
      const name = text(port["name"])
      const dash = name.indexOf("-")
      const meant = named.get((dash < 0 ? name : name.slice(0, dash)).toLowerCase())
      const written = text(port["protocol"])
      const actual = written === "" ? "TCP" : named.get(written.toLowerCase())
      if (meant === undefined || actual === undefined || meant === actual) continue
      report(portName, {
        path: `spec.ports[${at}].name`,
        message: `port ${name} speaks ${written === "" ? "TCP, as it has no protocol" : written}`,
      })
    }
  },
})
