import { type Json, list, record, text } from "../../topology/fact/read.ts"
import { type HttpRule, Match } from "../form.ts"
import { isSame } from "../same.ts"
import { type Lens, fitting, parts, placed, restOf, unsaid, withField, without } from "./lens.ts"

type Uri = NonNullable<Match["uri"]>
type Named = NonNullable<Match["headers"]>

const bare = Match.omit({ origin: true })

/** Types of a path and the words of the form for them. */
const pathTypes = { Exact: "exact", PathPrefix: "prefix", RegularExpression: "regex" } as const

function readPath(raw: Json): Uri | undefined {
  if (raw["path"] === undefined || raw["path"] === null) return undefined
  const path = record(raw["path"])
  const type = text(path["type"]) || "PathPrefix"
  const word = pathTypes[type as keyof typeof pathTypes] as string | undefined
  const value = typeof path["value"] === "string" ? path["value"] : "/"
  return word === undefined ? undefined : fitting(Match.shape.uri.unwrap(), { [word]: value })
}

const pathLens: Lens<Uri> = {
  read: readPath,
  write: (raw, uri) => {
    if (uri === undefined) return without(raw, "path")
    const [[word, value] = ["prefix", "/"]] = Object.entries(uri)
    const type = Object.entries(pathTypes).find(([, own]) => own === word)?.[0] ?? "PathPrefix"
    return withField(raw, "path", { ...record(raw["path"]), type, value })
  },
  rest: (raw) => {
    if (readPath(raw) === undefined) return raw
    const left = without(record(raw["path"]), "type", "value")
    return withField(raw, "path", Object.keys(left).length === 0 ? undefined : left)
  },
}

const methodLens: Lens<NonNullable<Match["method"]>> = {
  read: ({ method }) => (typeof method === "string" ? { exact: method } : undefined),
  write: (raw, method) =>
    withField(raw, "method", method === undefined ? undefined : Object.values(method)[0]),
  rest: (raw) => (typeof raw["method"] === "string" ? without(raw, "method") : raw),
}

const HeaderMatch = Match.shape.headers.unwrap().valueType

const readNamed = (entry: Json): Named[string] | undefined => {
  const { type = "Exact", value } = entry
  if (type === "Exact") return fitting(HeaderMatch, { exact: value })
  return type === "RegularExpression" ? fitting(HeaderMatch, { regex: value }) : undefined
}

const writeNamed = (entry: Json, value: Named[string]): Json => {
  if (isSame(readNamed(entry), value)) return entry
  const isRegex = "regex" in value
  const type = isRegex ? "RegularExpression" : entry["type"] === undefined ? undefined : "Exact"
  return { ...withField(entry, "type", type), value: Object.values(value)[0] }
}

/** Headers and parameters: of several with one name the first counts, and is shown. Source: Gateway API, HTTPRouteMatch. */
const namedLens = (key: "headers" | "queryParams"): Lens<Named> => {
  const idOf = (name: string): string => (key === "headers" ? name.toLowerCase() : name)
  const firsts = (raw: Json): Map<string, Json> => {
    const found = new Map<string, Json>()
    for (const entry of list(raw[key]).map(record)) {
      const id = idOf(text(entry["name"]))
      if (id !== "" && !found.has(id) && readNamed(entry) !== undefined) found.set(id, entry)
    }
    return found
  }
  return {
    read: (raw) => {
      const shown = [...firsts(raw).values()].map((entry) => [text(entry["name"]), readNamed(entry)])
      return shown.length === 0 ? undefined : (Object.fromEntries(shown) as Named)
    },
    write: (raw, wanted = {}) => {
      const shown = new Set(firsts(raw).values())
      const byId = new Map(Object.entries(wanted).map(([name, value]) => [idOf(name), { name, value }]))
      const kept = list(raw[key]).flatMap((written): unknown[] => {
        const entry = record(written)
        if (![...shown].some((own) => own === entry)) return [written]
        const id = idOf(text(entry["name"]))
        const want = byId.get(id)
        byId.delete(id)
        return want === undefined ? [] : [writeNamed(entry, want.value)]
      })
      const added = [...byId.values()].map(({ name, value }) => writeNamed({ name }, value))
      const all = [...kept, ...added]
      return withField(raw, key, all.length === 0 ? undefined : all)
    },
    rest: (raw) => {
      const shown = new Set(firsts(raw).values())
      const left = restOf(list(raw[key]), (entry) =>
        shown.has(entry) ? without(entry, "name", "type", "value") : entry,
      )
      return withField(raw, key, left.every((entry) => entry === null) ? undefined : left)
    },
  }
}

/** Matches of a rule of an HTTPRoute; what the Gateway API has no word for, no form of one has either (http-route-limits.ts). */
export const gatewayMatchesLens: Lens<HttpRule["matches"]> = placed<Match>(
  "matches",
  parts<Omit<Match, "origin">>(
    {
      name: unsaid(),
      uri: pathLens,
      ignoreUriCase: unsaid(),
      method: methodLens,
      scheme: unsaid(),
      authority: unsaid(),
      headers: namedLens("headers"),
      withoutHeaders: unsaid(),
      queryParams: namedLens("queryParams"),
      port: unsaid(),
      sourceLabels: unsaid(),
      sourceNamespace: unsaid(),
      gateways: unsaid(),
    },
    bare,
  ),
  {},
)
