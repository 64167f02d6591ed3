const octet = /^(?:0|[1-9]\d{0,2})$/

const isIpv4 = (value: string): boolean => {
  const parts = value.split(".")
  return parts.length === 4 && parts.every((part) => octet.test(part) && Number(part) <= 255)
}

function isIpv6(value: string): boolean {
  const halves = value.split("::")
  if (halves.length > 2) return false
  let groups = 0
  for (const [side, half] of halves.entries()) {
    if (half === "") continue
    const parts = half.split(":")
    for (const [index, part] of parts.entries())
      if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups++
      else if (side === halves.length - 1 && index === parts.length - 1 && isIpv4(part)) groups += 2
      else return false
  }
  return halves.length === 2 ? groups < 8 : groups === 8
}

/** Whether a text is an IPv4 or IPv6 address, without zone or mask. */
export const isIpAddress = (value: string): boolean =>
  value.length <= 45 && (value.includes(":") ? isIpv6(value) : isIpv4(value))
