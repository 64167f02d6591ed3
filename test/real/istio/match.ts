import type { Random } from "./random.ts"

/** A match of a VirtualService's http route. */
export type Match = Record<string, unknown>

const words = ["alpha", "beta", "gamma", "alpha-1", "Alpha"]
const segments = ["api", "v1", "users", "cart", "x"]

const pathOf = (random: Random): string =>
  `/${random.some(1 + random.int(3), () => random.pick(segments)).join("/")}${random.chance(0.15) ? "/" : ""}`

const stringMatch = (random: Random): Record<string, string> =>
  random.pick([
    { exact: random.pick(words) },
    { prefix: random.pick(words).slice(0, 2) },
    { regex: random.pick(["al.*", "[a-c].*", ".*1", "beta|gamma", "(?i)ALPHA", "[[:alpha:]]+", "*"]) },
  ])

const uriMatch = (random: Random): Record<string, string> =>
  random.pick([
    { exact: pathOf(random) },
    { prefix: random.pick(["/", "/api", "/api/", pathOf(random)]) },
    { prefix: pathOf(random) },
    { regex: random.pick(["/api/v[12](/.*)?", "/.*/x", "/users(/.*)?", "/[a-z]+/?", ".*"]) },
  ])

/** A random match of a virtual service with these gateways. */
export function matchOf(random: Random, gateways: readonly string[]): Match {
  const mesh = gateways.includes("mesh")
  const match: Match = {}
  if (random.chance(0.7)) match["uri"] = uriMatch(random)
  if (random.chance(0.1)) match["ignoreUriCase"] = true
  if (random.chance(0.2))
    match["method"] = random.pick([{ exact: "GET" }, { regex: "GET|PUT" }, { prefix: "P" }])
  if (random.chance(0.3))
    match["headers"] = { [random.pick(["x-user", "X-Tier"])]: random.chance(0.2) ? {} : stringMatch(random) }
  if (random.chance(0.15))
    match["withoutHeaders"] = { "x-user": random.chance(0.3) ? {} : stringMatch(random) }
  if (random.chance(0.2))
    match["queryParams"] = { q: random.pick([{ exact: "alpha" }, { regex: "[0-9]+" }, { prefix: "be" }, {}]) }
  if (random.chance(0.06)) match["authority"] = random.pick([{ prefix: "h1" }, { regex: "s[0-9].*" }])
  if (random.chance(0.06)) match["scheme"] = { exact: random.pick(["http", "https"]) }
  if (random.chance(0.1)) match["port"] = random.pick([80, 8080, 8081])
  if (random.chance(0.12)) match["gateways"] = [random.pick(gateways)]
  if (mesh && random.chance(0.15))
    match["sourceLabels"] = random.pick([{ app: "client" }, { app: "guest" }, { version: "v1" }])
  if (mesh && random.chance(0.1)) match["sourceNamespace"] = random.pick(["client", "guest", "shop"])
  return match
}

function fitting(random: Random, match: unknown): string {
  const { exact, prefix, regex } = (match ?? {}) as { exact?: string; prefix?: string; regex?: string }
  if (exact !== undefined) return random.chance(0.9) ? exact : `${exact}x`
  if (prefix !== undefined) return prefix + random.pick(["", "1", "x", "/x"])
  return regex === undefined ? "12" : random.pick([...words, "12", "betas"])
}

/** A request aimed at a match, and now and then past it. */
export function requestFor(random: Random, match: Match) {
  const headers: Record<string, string> = {}
  for (const [name, wanted] of Object.entries({
    ...(match["headers"] as object),
    ...(match["withoutHeaders"] as object),
  }))
    if (random.chance(0.7)) headers[name.toLowerCase()] = fitting(random, wanted)
  if (random.chance(0.15)) headers["x-user"] = random.pick([...words, ""])
  const uri = match["uri"] as { exact?: string; prefix?: string; regex?: string } | undefined
  const aimed =
    uri === undefined || random.chance(0.1)
      ? pathOf(random)
      : (uri.exact ??
        (uri.prefix === undefined
          ? random.pick(["/api/v1/x", "/users", "/cart/x"])
          : uri.prefix + random.pick(["", "x", "/x"])))
  const shaped = random.chance(0.08) ? aimed.toUpperCase() : random.chance(0.05) ? `/y/..${aimed}` : aimed
  const wanted = (match["queryParams"] as Record<string, unknown> | undefined)?.["q"]
  const query = random.pick(["", "", "?q=alpha", "?q=12&p=1", "?q", "?p=%61&q=be%74a"])
  return {
    method: random.pick(["GET", "GET", "POST", "PUT"]),
    path: shaped + (wanted === undefined ? query : random.pick([query, `?q=${fitting(random, wanted)}`])),
    headers,
  }
}
