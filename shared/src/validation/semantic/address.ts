import type { Problem } from "./problem.ts"

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
const v4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`)
const group = /^[0-9a-fA-F]{1,4}$/

function isV6(address: string): boolean {
  const zone = address.indexOf("%")
  if (zone === address.length - 1) return false
  const text = zone === -1 ? address : address.slice(0, zone)
  const gap = text.indexOf("::")
  if (gap !== -1 && text.indexOf("::", gap + 1) !== -1) return false
  const halves = gap === -1 ? [text] : [text.slice(0, gap), text.slice(gap + 2)]
  let groups = 0
  for (const [half, part] of halves.entries()) {
    if (part === "") continue
    const pieces = part.split(":")
    for (const [i, piece] of pieces.entries()) {
      const last = half === halves.length - 1 && i === pieces.length - 1
      if (last && v4.test(piece)) groups += 2
      else if (group.test(piece)) groups++
      else return false
    }
  }
  return gap === -1 ? groups === 8 : groups < 8
}

/** Whether a text is an IPv4 or IPv6 address, without leading zeroes, as Go's netip reads it. */
export const isIpAddress = (value: string): boolean => (value.includes(":") ? isV6(value) : v4.test(value))

/** What is wrong with an address or CIDR block (`10.0.0.0/8`). Source: istio `ValidateIPSubnet`. */
export function subnetProblem(value: string): Problem {
  const slash = value.indexOf("/")
  if (slash === -1) return isIpAddress(value) ? undefined : `${value} is no IP address`
  const [address, bits] = [value.slice(0, slash), value.slice(slash + 1)]
  const isBlock =
    isIpAddress(address) &&
    !address.includes("%") &&
    /^(?:0|[1-9]\d{0,2})$/.test(bits) &&
    Number(bits) <= (address.includes(":") ? 128 : 32)
  return isBlock ? undefined : `${value} is no CIDR block`
}

/** What is wrong with the path of a Unix domain socket (what follows `unix://`). */
export const unixPathProblem = (path: string): Problem =>
  path === ""
    ? "the path of the Unix socket is empty"
    : path.startsWith("@") || (path.startsWith("/") && !path.endsWith("/"))
      ? undefined
      : `${path} is not the absolute path of a file`
