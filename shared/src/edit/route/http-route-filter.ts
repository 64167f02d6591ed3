import type { z } from "zod"
import { type Json, list, number, record, text } from "../../topology/fact/read.ts"
import { HttpRule, MirrorTarget } from "../form.ts"
import { backendLens } from "./http-route-backend.ts"
import { type Lens, fitting, originsOf, parts, plain, unsaid, withField, within, without } from "./lens.ts"
import type { Scope } from "./scope.ts"

const of = HttpRule.shape
const Rewrite = of.rewrite.unwrap()
const Headers = of.headers.unwrap()
const Operations = Headers.shape.request.unwrap()
const Cors = of.cors.unwrap()

const isEmpty = (value: Json): boolean => Object.keys(value).length === 0

/** A part of the form that stands in one filter of a type; of several of a type the first is shown. */
export function filterLens<T>(type: string, key: string, inner: Lens<T>): Lens<T> {
  const placeOf = (raw: Json): number =>
    list(raw["filters"]).findIndex((filter) => record(filter)["type"] === type)
  const of = (raw: Json): Json => record(list(raw["filters"])[placeOf(raw)])
  const read = (raw: Json): T | undefined => inner.read(record(of(raw)[key]))
  return {
    read,
    write: (raw, value) => {
      const filters = list(raw["filters"])
      const at = placeOf(raw)
      const filter = { ...(at < 0 ? { type } : of(raw)), [key]: inner.write(record(of(raw)[key]), value) }
      const all =
        value === undefined
          ? filters.filter((_, place) => place !== at)
          : at < 0
            ? [...filters, filter]
            : filters.with(at, filter)
      return withField(raw, "filters", all.length === 0 ? undefined : all)
    },
    rest: (raw) => {
      if (read(raw) === undefined) return raw
      const left = inner.rest(record(of(raw)[key]))
      const filter = isEmpty(left) ? null : { [key]: left }
      return withField(raw, "filters", list(raw["filters"]).with(placeOf(raw), filter))
    },
  }
}

/** `[{ name, value }]` as a map. */
const namedValues = (key: "set" | "add"): Lens<Record<string, string>> => ({
  read: (raw) => {
    const entries = list(raw[key])
      .map(record)
      .map(({ name, value }) => [text(name), text(value)] as const)
      .filter(([name]) => name !== "")
    return entries.length === 0 ? undefined : Object.fromEntries(entries)
  },
  write: (raw, value = {}) => {
    const known = list(raw[key]).map(record)
    const entries = Object.entries(value).map(([name, wanted]) => ({
      ...known.find((entry) => entry["name"] === name),
      name,
      value: wanted,
    }))
    return withField(raw, key, entries.length === 0 ? undefined : entries)
  },
  rest: (raw) => without(raw, key),
})

const operations = parts<z.infer<typeof Operations>>(
  {
    set: namedValues("set"),
    add: namedValues("add"),
    remove: plain("remove", Operations.shape.remove.unwrap()),
  },
  Operations,
)

/** The two filters for headers. */
export const gatewayHeadersLens = parts<z.infer<typeof Headers>>(
  {
    request: filterLens("RequestHeaderModifier", "requestHeaderModifier", operations),
    response: filterLens("ResponseHeaderModifier", "responseHeaderModifier", operations),
  },
  Headers,
)

const replacements = { ReplacePrefixMatch: "replacePrefixMatch", ReplaceFullPath: "replaceFullPath" } as const
type Replacement = keyof typeof replacements

const isReplacement = (type: unknown): type is Replacement =>
  typeof type === "string" && Object.hasOwn(replacements, type)

/** A new path: of the part that matched, or of all of it. */
export const replacedPath = (fresh: Replacement, shows: readonly Replacement[]): Lens<string> => {
  const read = (raw: Json): string | undefined => {
    const { type, ...path } = record(raw["path"])
    if (!isReplacement(type) || !shows.includes(type)) return undefined
    const value = path[replacements[type]]
    return typeof value === "string" ? value : undefined
  }
  return {
    read,
    write: (raw, value) => {
      if (value === undefined) return without(raw, "path")
      const known = record(raw["path"])["type"]
      const type = isReplacement(known) && shows.includes(known) ? known : fresh
      return withField(raw, "path", { type, [replacements[type]]: value })
    },
    rest: (raw) => (read(raw) === undefined ? raw : without(raw, "path")),
  }
}

/** As in a VirtualService, what replaces the path replaces what matched of it: a prefix, where the rule matches prefixes. */
const prefixes = (raw: Json): boolean =>
  list(raw["matches"]).every((match) => {
    const path = record(record(match)["path"])
    return (text(path["type"]) || "PathPrefix") === "PathPrefix"
  })

const rewriteOf = (raw: Json): Lens<z.infer<typeof Rewrite>> =>
  filterLens(
    "URLRewrite",
    "urlRewrite",
    parts<z.infer<typeof Rewrite>>(
      {
        uri: replacedPath(prefixes(raw) ? "ReplacePrefixMatch" : "ReplaceFullPath", [
          "ReplacePrefixMatch",
          "ReplaceFullPath",
        ]),
        uriRegex: unsaid(),
        authority: plain("hostname", Rewrite.shape.authority.unwrap()),
      },
      Rewrite,
    ),
  )

export const gatewayRewriteLens: Lens<z.infer<typeof Rewrite>> = {
  read: (raw) => rewriteOf(raw).read(raw),
  write: (raw, value) => rewriteOf(raw).write(raw, value),
  rest: (raw) => rewriteOf(raw).rest(raw),
}

const seconds = (raw: unknown): string | undefined => (typeof raw === "number" ? `${raw}s` : undefined)

const maxAge: Lens<string> = {
  read: (raw) => seconds(raw["maxAge"]),
  write: (raw, value) =>
    withField(raw, "maxAge", value === undefined ? undefined : Number(value.replace(/s$/, ""))),
  rest: (raw) => (seconds(raw["maxAge"]) === undefined ? raw : without(raw, "maxAge")),
}

/** Origins are written as texts; only exact ones can be. */
const origins: Lens<NonNullable<z.infer<typeof Cors>["allowOrigins"]>> = {
  read: (raw) => {
    const written = list(raw["allowOrigins"]).filter((origin) => typeof origin === "string")
    return written.length === 0 ? undefined : written.map((exact) => ({ exact }))
  },
  write: (raw, value) =>
    withField(
      raw,
      "allowOrigins",
      value?.map((origin) => Object.values(origin)[0]),
    ),
  rest: (raw) => without(raw, "allowOrigins"),
}

export const gatewayCorsLens = filterLens(
  "CORS",
  "cors",
  parts<z.infer<typeof Cors>>(
    {
      allowOrigins: origins,
      allowMethods: plain("allowMethods", Cors.shape.allowMethods.unwrap()),
      allowHeaders: plain("allowHeaders", Cors.shape.allowHeaders.unwrap()),
      exposeHeaders: plain("exposeHeaders", Cors.shape.exposeHeaders.unwrap()),
      maxAge,
      allowCredentials: plain("allowCredentials", Cors.shape.allowCredentials.unwrap()),
    },
    Cors,
  ),
)

/** The share of a mirror: `percent`, or a fraction for what is no whole percent; without one all requests. */
function percentOf(mirror: Json): number {
  const fraction = record(mirror["fraction"])
  if (mirror["fraction"] !== undefined)
    return (number(fraction["numerator"]) * 100) / (number(fraction["denominator"]) || 100)
  return typeof mirror["percent"] === "number" ? mirror["percent"] : 100
}

function withPercent(mirror: Json, percent: number): Json {
  if (percentOf(mirror) === percent) return mirror
  const plainer = without(mirror, "percent", "fraction")
  if (Number.isInteger(percent)) return { ...plainer, percent }
  return { ...plainer, fraction: { numerator: Math.round(percent * 10_000), denominator: 1_000_000 } }
}

const type = "RequestMirror"
const isMirror = (filter: unknown): boolean => record(filter)["type"] === type

/** One filter for each mirror. */
export const gatewayMirrorsLens = (scope: Scope): Lens<MirrorTarget[]> => {
  const backend = within("backendRef", backendLens(scope))
  const shownOf = (filter: unknown): MirrorTarget | undefined => {
    const mirror = record(record(filter)["requestMirror"])
    return fitting(MirrorTarget, { destination: backend.read(mirror), percent: percentOf(mirror) })
  }
  const written = (filter: unknown, { destination, percent }: MirrorTarget): Json => {
    const mirror = record(record(filter)["requestMirror"])
    const fresh = filter === undefined ? { percent: 100 } : {}
    return {
      ...(filter === undefined ? { type } : record(filter)),
      requestMirror: withPercent({ ...backend.write(mirror, destination), ...fresh }, percent),
    }
  }
  return {
    read: (raw) => {
      const shown = list(raw["filters"])
        .filter(isMirror)
        .flatMap((filter) => shownOf(filter) ?? [])
      return shown.length === 0 ? undefined : shown
    },
    write: (raw, items = []) => {
      const filters = list(raw["filters"])
      const mirrors = filters.filter((filter) => isMirror(filter) && shownOf(filter) !== undefined)
      const shown = mirrors.map(shownOf)
      const placed = originsOf(shown, items).map((origin, at): unknown => {
        const item = items[at]
        const filter = origin === undefined ? undefined : mirrors[origin]
        if (item === undefined || (origin !== undefined && sameMirror(shown[origin], item))) return filter
        return written(filter, item)
      })
      const first = filters.findIndex((filter) => mirrors.includes(filter))
      const others = filters.filter((filter) => !mirrors.includes(filter))
      const all = others.toSpliced(first < 0 ? others.length : first, 0, ...placed)
      return withField(raw, "filters", all.length === 0 ? undefined : all)
    },
    rest: (raw) => {
      if (!list(raw["filters"]).some(isMirror)) return raw
      const left = list(raw["filters"]).map((filter) => {
        if (!isMirror(filter) || shownOf(filter) === undefined) return filter
        const mirror = without(backend.rest(record(record(filter)["requestMirror"])), "percent", "fraction")
        return isEmpty(mirror) ? null : { requestMirror: mirror }
      })
      return withField(raw, "filters", left)
    },
  }
}

const sameMirror = (a: MirrorTarget | undefined, b: MirrorTarget): boolean =>
  a !== undefined &&
  a.percent === b.percent &&
  a.destination.host === b.destination.host &&
  a.destination.subset === b.destination.subset &&
  a.destination.port === b.destination.port
