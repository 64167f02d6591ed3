import { type Json, record } from "../../../../topology/fact/read.ts"
import { isIpAddress, unixPathProblem } from "../../../semantic/address.ts"
import { domainProblem, isDnsLabel } from "../../../semantic/name.ts"
import { isPort } from "../../../semantic/port.ts"
import type { Problem } from "../../../semantic/problem.ts"
import { isEmptyMap } from "../../../semantic/labels.ts"
import { shown } from "../../../semantic/shown.ts"
import { isSet } from "../say.ts"

const unix = "unix://"

export const isSocket = (address: unknown): boolean => typeof address === "string" && address.startsWith(unix)

/** What is wrong with the address of an endpoint; `names`: a full name will do as well. A missing one is left to the caller. */
export function addressProblem(endpoint: Json, names: boolean): Problem {
  const { address, ports } = endpoint
  if (!isSet(address)) return undefined
  if (isSocket(address))
    return isEmptyMap(ports)
      ? unixPathProblem(address.slice(unix.length))
      : `${address} is a Unix socket, which has no ports`
  if (isIpAddress(address)) return undefined
  if (!names) return `${address} is no IP address`
  return domainProblem(address) === undefined
    ? undefined
    : `${address} is neither an IP address nor a full name`
}

/** What is wrong with the ports of an endpoint; `known` are the names of the service's ports, where there is one. */
export function portsProblem(ports: unknown, known?: ReadonlySet<unknown>): Problem {
  const map = record(ports)
  for (const name in map) {
    const port = map[name]
    if (known !== undefined && !known.has(name))
      return `${name} is no port of the ServiceEntry; there are ${[...known].map(shown).join(", ")}`
    if (!isDnsLabel(name)) return `"${name}" is no name of a port`
    if (port === null || (typeof port === "number" && !isPort(port)))
      return `port ${port} of ${name} is not between 1 and 65535`
  }
  return undefined
}
