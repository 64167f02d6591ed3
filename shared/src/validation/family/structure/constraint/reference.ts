import type { Constraint, Fields } from "../schema.ts"
import { fields, has, items, textOr } from "./set.ts"

/** Conditions over lists of references and listeners of the Gateway API. */

type Identity = { target: string; part: string; named: string }

/** Several references to one target must each name another part of it. */
function distinct(identity: (value: Fields) => Identity, what: string): Constraint<readonly unknown[]> {
  return (value, fault) => {
    if (value.length < 2) return
    const first = new Map<string, Identity>()
    const seen = new Set<string>()
    for (const [index, item] of value.entries()) {
      const own = identity(fields(item))
      const other = first.get(own.target)
      const whole = `${own.target} ${own.part}`
      const name = textOr(fields(item)["name"], "")
      if (seen.has(whole)) fault(`${name} is referred to twice with the same ${what}`, index)
      else if (other !== undefined && other.named !== own.named)
        fault(
          `${name} is referred to with and without ${what}; several references to one need it each`,
          index,
        )
      seen.add(whole)
      if (other === undefined) first.set(own.target, own)
    }
  }
}

const key = (...parts: readonly unknown[]): string => JSON.stringify(parts)

export const uniqueTargets = distinct((value) => {
  const section = textOr(value["sectionName"], "")
  return {
    target: key(value["group"], value["kind"], value["name"]),
    part: section,
    named: section === "" ? "" : "section",
  }
}, "sectionName")

export const uniqueParents = distinct((value) => {
  const section = textOr(value["sectionName"], "")
  const port = typeof value["port"] === "number" ? value["port"] : 0
  return {
    target: key(
      textOr(value["group"], "gateway.networking.k8s.io"),
      textOr(value["kind"], "Gateway"),
      textOr(value["namespace"], ""),
      value["name"],
    ),
    part: key(section, port),
    named: key(section !== "", port !== 0),
  }
}, "sectionName or port")

export const certificateSource: Constraint<Fields> = (value, fault) => {
  const refs = items(value["caCertificateRefs"]).length > 0
  const known = textOr(value["wellKnownCACertificates"], "") !== ""
  if (refs && known)
    fault("caCertificateRefs and wellKnownCACertificates stand together; one says whom to trust")
  else if (!refs && !known) fault("neither caCertificateRefs nor wellKnownCACertificates says whom to trust")
}

export const alternativeName: Constraint<Fields> = (value, fault) => {
  const type = textOr(value["type"], "")
  for (const [member, wanted] of [
    ["hostname", "Hostname"],
    ["uri", "URI"],
  ] as const) {
    const there = textOr(value[member], "") !== ""
    if (type === wanted && !there) fault(`type ${wanted} needs ${member}`)
    else if (type !== wanted && there) fault(`${member} goes with type ${wanted}, not with ${type}`, member)
  }
}

export const terminatingTls: Constraint<Fields> = (value, fault) => {
  if (textOr(value["mode"], "Terminate") !== "Terminate" || items(value["certificateRefs"]).length > 0) return
  for (const _ in fields(value["options"])) return
  fault("mode Terminate needs certificateRefs or options: nothing says which certificate is shown")
}

const withoutTls = new Set(["HTTP", "TCP", "UDP"])

function tlsFault(listener: Fields): { message: string; at: readonly string[] } | null {
  const protocol = textOr(listener["protocol"], "")
  const tls = has(listener, "tls")
  const mode = textOr(fields(listener["tls"])["mode"], "Terminate")
  if (tls && withoutTls.has(protocol)) return { message: `protocol ${protocol} takes no tls`, at: ["tls"] }
  if (tls && protocol === "HTTPS" && mode !== "Terminate")
    return {
      message: `protocol HTTPS needs tls mode Terminate, not ${mode}; ${mode} goes with TLS`,
      at: ["tls", "mode"],
    }
  if (!tls && protocol === "TLS")
    return { message: "protocol TLS needs tls, which says Terminate or Passthrough", at: [] }
  return null
}

export const listeners: Constraint<readonly unknown[]> = (value, fault) => {
  const seen = new Map<string, unknown>()
  for (const [index, item] of value.entries()) {
    const listener = fields(item)
    const { protocol, port, hostname, name } = listener
    const wrong = tlsFault(listener)
    if (wrong !== null) fault(wrong.message, index, ...wrong.at)
    if ((protocol === "TCP" || protocol === "UDP") && textOr(hostname, "") !== "")
      fault(`protocol ${protocol} takes no hostname`, index, "hostname")
    if (typeof port !== "number") continue
    const place = key(port, protocol, hostname ?? null)
    if (seen.has(place))
      fault(
        `listener ${String(name)} has the port, protocol and hostname of listener ${String(seen.get(place))} (${port}, ${String(protocol)}, ${typeof hostname === "string" ? hostname : "any host"})`,
        index,
      )
    else seen.set(place, name)
  }
}
