import type { KubeObject } from "../../../../kube/object.ts"
import { type Json, list, record, strings } from "../../../../topology/fact/read.ts"
import { isIpAddress } from "../../../semantic/address.ts"
import { labelsProblem } from "../../../semantic/labels.ts"
import { domainProblem } from "../../../semantic/name.ts"
import { protocolClass } from "../../../semantic/port.ts"
import type { Problem } from "../../../semantic/problem.ts"
import { type Say, isSet, isThere } from "../say.ts"
import { addressProblem, isSocket, portsProblem } from "../workload/endpoint.ts"
import * as Rules from "./rules.ts"

const classOf = (port: Json) => (isSet(port["protocol"]) ? protocolClass(port["protocol"]) : "unknown")

type Ports = { names: ReadonlySet<unknown> }

function staticAddressProblem(endpoint: Json): Problem {
  if (!isSet(endpoint["address"]) && !isSet(endpoint["network"])) return "the endpoint has no address"
  return addressProblem(endpoint, false)
}

function dnsAddressProblem({ address }: Json): Problem {
  if (isSet(address) && (isIpAddress(address) || domainProblem(address) === undefined)) return undefined
  return isSet(address)
    ? `${address} is neither an IP address nor a full name`
    : "the endpoint has no address"
}

function sayEndpoint(endpoint: Json, path: string, { names }: Ports, say: Say): void {
  if (endpoint["ports"] !== undefined)
    say(Rules.endpoints, `${path}.ports`, portsProblem(endpoint["ports"], names))
  if (endpoint["labels"] !== undefined)
    say(Rules.endpoints, `${path}.labels`, labelsProblem(endpoint["labels"]))
}

function sayStatic(endpoints: readonly unknown[], ports: Ports, say: Say): void {
  for (let i = 0; i < endpoints.length; i++) {
    const path = `spec.endpoints[${i}]`
    if (!isThere(endpoints[i])) {
      say(Rules.endpoints, path, "the endpoint is null")
      continue
    }
    const endpoint = record(endpoints[i])
    say(Rules.endpoints, path, staticAddressProblem(endpoint))
    if (!isSet(endpoint["address"]) && isSet(endpoint["network"]))
      say(Rules.doubtful, path, `there is no address in network ${endpoint["network"]}`)
    if (isSocket(endpoint["address"]) && ports.names.size !== 1)
      say(
        Rules.endpoints,
        path,
        `a Unix socket serves one port, and the ServiceEntry has ${ports.names.size}`,
      )
    sayEndpoint(endpoint, path, ports, say)
  }
}

function sayDns(spec: Json, resolution: string, ports: Ports, say: Say): void {
  const endpoints = list(spec["endpoints"])
  if (endpoints.length === 0)
    for (const [i, host] of strings(spec["hosts"]).entries())
      if (host !== "*" && host.includes("*") && domainProblem(host) !== undefined)
        say(
          Rules.resolution,
          `spec.hosts[${i}]`,
          `${host} has a wildcard, which DNS cannot resolve; list endpoints, or use DYNAMIC_DNS or NONE`,
        )
  if (resolution === "DNS_ROUND_ROBIN" && endpoints.length > 1)
    say(
      Rules.endpoints,
      "spec.endpoints",
      `DNS_ROUND_ROBIN takes one endpoint, and there are ${endpoints.length}`,
    )
  for (let i = 0; i < endpoints.length; i++) {
    const path = `spec.endpoints[${i}]`
    if (!isThere(endpoints[i])) say(Rules.endpoints, path, "the endpoint is null")
    else {
      const endpoint = record(endpoints[i])
      say(Rules.endpoints, path, dnsAddressProblem(endpoint))
      sayEndpoint(endpoint, path, ports, say)
    }
  }
}

const dynamic = new Set(["http", "tls", "grpc", "http2"])

/** Whether a label sends the traffic through a waypoint. */
const usesWaypoint = (object: KubeObject): boolean => {
  const waypoint = record(object.metadata.labels)["istio.io/use-waypoint"]
  return isSet(waypoint) && waypoint.toLowerCase() !== "none"
}

function sayDynamic(object: KubeObject, spec: Json, say: Say): void {
  for (const [i, host] of list(spec["hosts"]).entries())
    if (typeof host === "string" && !host.startsWith("*"))
      say(Rules.resolution, `spec.hosts[${i}]`, `${host} has no wildcard, which DYNAMIC_DNS is for; use DNS`)
  for (const field of ["addresses", "endpoints"])
    if (list(spec[field]).length > 0)
      say(
        field === "addresses" ? Rules.addresses : Rules.endpoints,
        `spec.${field}`,
        `DYNAMIC_DNS resolves the host of each request, so there must be no ${field}`,
      )
  for (const [i, value] of list(spec["ports"]).entries()) {
    const { protocol } = record(value)
    if (isThere(value) && !(isSet(protocol) && dynamic.has(protocol.toLowerCase())))
      say(
        Rules.resolution,
        `spec.ports[${i}]`,
        `DYNAMIC_DNS needs HTTP, HTTP2, GRPC or TLS, not ${isSet(protocol) ? protocol : "a port without protocol"}`,
      )
  }
  if (spec["location"] === "MESH_INTERNAL" && usesWaypoint(object))
    say(Rules.resolution, "spec.location", "DYNAMIC_DNS within the mesh cannot go through a waypoint")
}

/** Several hosts can be told apart by HTTP and TLS only. */
function sayTcp(spec: Json, resolution: string, say: Say): void {
  const hosts = list(spec["hosts"])
  if (hosts.length < 2 || resolution === "NONE") return
  const hasAddresses = list(spec["addresses"]).length > 0
  for (const [i, value] of list(spec["ports"]).entries()) {
    if (!isThere(value)) continue
    const kind = classOf(record(value))
    if (kind !== "http" && kind !== "tls") {
      say(
        Rules.ports,
        `spec.ports[${i}]`,
        `${hosts.length} hosts cannot be told apart on a port that is neither HTTP nor TLS`,
      )
      return
    }
    if (kind === "tls" && hasAddresses && resolution.startsWith("DNS")) {
      say(
        Rules.doubtful,
        `spec.ports[${i}]`,
        `${hosts.length} hosts share the addresses on a port that is not HTTP`,
      )
      return
    }
  }
}

const known = new Set(["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"])

/** What the resolution asks of hosts, ports, addresses and endpoints. */
export function sayResolution(object: KubeObject, spec: Json, resolution: string, say: Say): void {
  const endpoints = list(spec["endpoints"])
  const names = new Set(list(spec["ports"]).map((port) => record(port)["name"]))
  if (!known.has(resolution))
    say(Rules.resolution, "spec.resolution", `${resolution} is no resolution that Istio knows`)
  else if (resolution === "NONE") {
    if (endpoints.length > 0)
      say(
        Rules.endpoints,
        "spec.endpoints",
        "resolution NONE sends to the address of the request, so there must be no endpoints",
      )
    if (isThere(spec["workloadSelector"]))
      say(
        Rules.doubtful,
        "spec.workloadSelector",
        "resolution NONE sends to the address of the request, so the workloads are not used",
      )
  } else if (resolution === "STATIC") sayStatic(endpoints, { names }, say)
  else if (resolution === "DYNAMIC_DNS") sayDynamic(object, spec, say)
  else sayDns(spec, resolution, { names }, say)
  sayTcp(spec, resolution, say)
}
