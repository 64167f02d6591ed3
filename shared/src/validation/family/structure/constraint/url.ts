/** What Go's parser takes as an authority: user, host or bracketed address, port. */
const authority = /^(?:[^@[\]]*@)?(?:\[[0-9a-fA-F:.]+(?:%25[^\]]*)?\]|[^\s[\]\\^`{|}:@#?]*)(?::\d*)?$/
const brokenEscape = /%(?![0-9a-fA-F]{2})/
const schemeOf = /^([A-Za-z][A-Za-z0-9+.-]*):/

const hasControl = (value: string): boolean => {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code < 32 || code === 127) return true
  }
  return false
}

/** The scheme of a URL in lower case, empty for a rooted path; null when the text is no URL of either form. @see https://pkg.go.dev/net/url#ParseRequestURI */
export function urlScheme(value: string): string | null {
  if (hasControl(value)) return null
  const found = schemeOf.exec(value)?.[1]
  const scheme = found?.toLowerCase() ?? ""
  const rest = found === undefined ? value : value.slice(found.length + 1)
  if (!rest.startsWith("/")) return found === undefined || rest === "" ? null : scheme
  if (brokenEscape.test(rest)) return null
  if (!rest.startsWith("//") || (found === undefined && rest.startsWith("///"))) return scheme
  const end = rest.slice(2).search(/[/?#]/)
  return authority.test(end < 0 ? rest.slice(2) : rest.slice(2, 2 + end)) ? scheme : null
}
