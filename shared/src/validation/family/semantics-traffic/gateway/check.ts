import { type Json, list, number, record } from "../../../../topology/fact/read.ts"
import { type Check, check } from "../../../check.ts"
import { isIpAddress, unixPathProblem } from "../../../semantic/address.ts"
import { shown } from "../../../semantic/shown.ts"
import { isGenerated } from "../../../semantic/annotation.ts"
import { isDnsLabel } from "../../../semantic/name.ts"
import { portProblem as numberProblem, protocolClass } from "../../../semantic/port.ts"
import type { Problem } from "../../../semantic/problem.ts"
import { gatewayHostProblem } from "../../../semantic/scoped-host.ts"
import { type Say, isSet, isThere, removal, sayTo } from "../say.ts"
import * as Rules from "./rules.ts"
import { hasFiles, passesThrough, sayTls } from "./tls.ts"

const unix = "unix://"

const targetPortProblem = "targetPort has no effect in a Gateway"

function portProblem(port: Json, onSocket: boolean): Problem {
  const { number: written, name, protocol, targetPort } = port
  if (!isSet(protocol)) return "the port has no protocol"
  if (protocolClass(protocol) === "unknown")
    return `${protocol} is no protocol that Istio knows; there are HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS and MYSQL`
  const problem = number(written) > 0 || !onSocket ? numberProblem(written) : undefined
  if (problem !== undefined) return problem
  if (!isSet(name)) return "the port has no name"
  return number(targetPort) > 0 ? targetPortProblem : undefined
}

/** Whether the port is right. */
function sayPort(server: Json, path: string, say: Say): boolean {
  const { port, bind } = server
  const problem = isThere(port)
    ? portProblem(record(port), isSet(bind) && bind.startsWith(unix))
    : "the server has no port"
  const place = isThere(port) ? `${path}.port` : path
  say(
    Rules.port,
    place,
    problem,
    problem === targetPortProblem ? removal("Remove targetPort", `${place}.targetPort`) : undefined,
  )
  return problem === undefined
}

function sayBind(server: Json, path: string, say: Say): void {
  const { bind, port } = server
  if (!isSet(bind)) return
  const place = `${path}.bind`
  if (!bind.startsWith(unix)) {
    if (!isIpAddress(bind)) say(Rules.bind, place, `${bind} is no IP address`)
    return
  }
  say(Rules.bind, place, unixPathProblem(bind.slice(unix.length)))
  const written = number(record(port)["number"])
  if (written !== 0) say(Rules.bind, place, `a Unix socket has no port, and the port says ${written}`)
}

function sayProtocol(server: Json, path: string, say: Say): void {
  const { protocol } = record(server["port"])
  const kind = protocolClass(isSet(protocol) ? protocol : "")
  const tls = isThere(server["tls"]) ? record(server["tls"]) : undefined
  if (kind === "tls") {
    if (tls === undefined) say(Rules.tls, path, `a server for ${shown(protocol)} needs tls settings`)
  } else if (tls !== undefined) {
    if (kind !== "http")
      say(Rules.tls, `${path}.tls`, `a server for ${shown(protocol)} cannot have tls settings`)
    else if (!passesThrough(tls) || hasFiles(tls))
      say(
        Rules.tls,
        `${path}.tls`,
        `a server for ${shown(protocol)} is plain text, and may only redirect to HTTPS`,
      )
  }
}

function sayServer(server: Json, path: string, generated: boolean, say: Say): void {
  const hosts = list(server["hosts"])
  if (hosts.length === 0) say(Rules.hosts, path, "the server has no hosts")
  for (let i = 0; i < hosts.length; i++) {
    const host = hosts[i]
    if (typeof host === "string") say(Rules.hosts, `${path}.hosts[${i}]`, gatewayHostProblem(host, generated))
  }
  if (sayPort(server, path, say)) sayProtocol(server, path, say)
  sayBind(server, path, say)
  if (!isThere(server["tls"])) return
  const tls = record(server["tls"])
  sayTls(tls, `${path}.tls`, say)
  const { protocol } = record(server["port"])
  if (
    isThere(server["port"]) &&
    tls["httpsRedirect"] === true &&
    protocolClass(isSet(protocol) ? protocol : "") !== "http"
  )
    say(
      Rules.doubtful,
      `${path}.tls.httpsRedirect`,
      "httpsRedirect is for HTTP servers only",
      removal("Remove httpsRedirect", `${path}.tls.httpsRedirect`),
    )
}

function sayNames(servers: readonly unknown[], say: Say): void {
  const names = new Set<unknown>()
  for (let i = 0; i < servers.length; i++) {
    const server = record(servers[i])
    if (!isThere(server["port"])) continue
    const name = record(server["port"])["name"] ?? ""
    if (names.has(name) && name !== "")
      say(
        Rules.servers,
        `spec.servers[${i}].port.name`,
        `${shown(name)} is the name of another server's port`,
      )
    names.add(name)
  }
}

/** Istio's own validation of one Gateway. Source: istio pkg/config/validation `ValidateGateway`. */
export const gatewayCheck: Check = check({
  name: "gateway/semantics",
  subject: "Gateway.networking.istio.io",
  reads: [],
  rules: Rules.rules,
  run: (object, _view, report) => {
    const say = sayTo(report, object)
    const generated = isGenerated(object)
    const { name } = object.metadata
    if (!generated && isSet(name) && !isDnsLabel(name))
      say(Rules.name, "metadata.name", `${name} is no DNS label`)
    const servers = list(record(object["spec"])["servers"])
    if (servers.length === 0) say(Rules.servers, "spec", "the Gateway has no servers")
    for (let i = 0; i < servers.length; i++) {
      const path = `spec.servers[${i}]`
      if (!isThere(servers[i])) {
        say(Rules.servers, path, "the server is null")
        continue
      }
      sayServer(record(servers[i]), path, generated, say)
    }
    if (servers.length > 1) sayNames(servers, say)
  },
})
