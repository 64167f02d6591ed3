import type { Match } from "#shared/edit/form.ts"

/** One condition of a match as a row of fields. */
export type MatchRow = {
  kind: MatchKind
  /** Of a header, a query parameter, a label. */
  name: string
  compare: Compare
  value: string
  ignoreCase: boolean
}
export type Compare = "exact" | "prefix" | "regex" | "present"

type Shape = {
  label: string
  /** What its name is called; absent: it has none. */
  named?: string
  compares: readonly Compare[]
  placeholder: string
}

export const matchKinds = {
  uri: { label: "Path", compares: ["prefix", "exact", "regex"], placeholder: "/api/v1" },
  headers: {
    label: "Header",
    named: "end-user",
    compares: ["exact", "prefix", "regex", "present"],
    placeholder: "test-account",
  },
  withoutHeaders: {
    label: "Not header",
    named: "x-canary",
    compares: ["exact", "prefix", "regex", "present"],
    placeholder: "true",
  },
  queryParams: {
    label: "Query",
    named: "version",
    compares: ["exact", "prefix", "regex", "present"],
    placeholder: "beta",
  },
  method: { label: "Method", compares: ["exact", "prefix", "regex"], placeholder: "GET" },
  authority: { label: "Authority", compares: ["exact", "prefix", "regex"], placeholder: "shop.example.com" },
  scheme: { label: "Scheme", compares: ["exact", "prefix", "regex"], placeholder: "https" },
  port: { label: "Port", compares: [], placeholder: "9080" },
  sourceLabels: { label: "From label", named: "app", compares: [], placeholder: "productpage" },
  sourceNamespace: { label: "From namespace", compares: [], placeholder: "bookinfo" },
  gateways: { label: "At gateway", compares: [], placeholder: "bookinfo-gateway" },
} as const satisfies Record<string, Shape>
export type MatchKind = keyof typeof matchKinds

export const shapeOf = (kind: MatchKind): Shape => matchKinds[kind]
const isNamed = (kind: MatchKind): boolean => shapeOf(kind).named !== undefined

export const compareWords: Record<Compare, string> = {
  exact: "is",
  prefix: "starts with",
  regex: "matches (RE2)",
  present: "is there",
}

const texts = ["uri", "method", "scheme", "authority"] as const
const records = ["headers", "withoutHeaders", "queryParams"] as const

type Comparison = NonNullable<Match["headers"]>[string]
function split(match: Comparison): Pick<MatchRow, "compare" | "value"> {
  if ("exact" in match) return { compare: "exact", value: match.exact }
  if ("prefix" in match) return { compare: "prefix", value: match.prefix }
  return "regex" in match ? { compare: "regex", value: match.regex } : { compare: "present", value: "" }
}
function joined({ compare, value }: MatchRow): Comparison {
  if (compare === "present") return { present: true }
  if (compare === "exact") return { exact: value }
  return compare === "prefix" ? { prefix: value } : { regex: value }
}

const blank = { name: "", compare: "exact", value: "", ignoreCase: false } as const
export const newRow = (kind: MatchKind): MatchRow => ({
  ...blank,
  kind,
  compare: shapeOf(kind).compares[0] ?? "exact",
})

const textRows = (match: Match): MatchRow[] =>
  texts.flatMap((kind) => {
    const value = match[kind]
    const ignoreCase = kind === "uri" && match.ignoreUriCase === true
    return value === undefined ? [] : [{ ...blank, kind, ...split(value), ignoreCase }]
  })
const recordRows = (match: Match): MatchRow[] =>
  records.flatMap((kind) =>
    Object.entries(match[kind] ?? {}).map(([name, value]) => ({ ...blank, kind, name, ...split(value) })),
  )
const sourceRows = ({ sourceLabels, sourceNamespace }: Match): MatchRow[] => [
  ...Object.entries(sourceLabels ?? {}).map(([name, value]) => ({
    ...blank,
    kind: "sourceLabels" as const,
    name,
    value,
  })),
  ...(sourceNamespace === undefined
    ? []
    : [{ ...blank, kind: "sourceNamespace" as const, value: sourceNamespace }]),
]

export const rowsOf = (match: Match): MatchRow[] => [
  ...textRows(match),
  ...recordRows(match),
  ...(match.port === undefined ? [] : [{ ...blank, kind: "port" as const, value: String(match.port) }]),
  ...sourceRows(match),
  ...(match.gateways ?? []).map((value) => ({ ...blank, kind: "gateways" as const, value })),
]

const later = "Until then this condition is left out."

/** A header and a label may well be empty; a path, a prefix and a pattern may not. */
const mayBeEmpty = ({ kind, compare }: MatchRow): boolean =>
  kind === "sourceLabels" || compare === "present" || (compare === "exact" && isNamed(kind))

/** Why a row says nothing yet; undefined when it is whole. */
export function gapOf(row: MatchRow): string | undefined {
  const { kind, name, value } = row
  if (isNamed(kind) && name.trim() === "") return `Wants a name. ${later}`
  const port = Number(value)
  if (kind === "port" && !(port >= 1 && port <= 65_535)) return `Wants a port from 1 to 65535. ${later}`
  return value === "" && !mayBeEmpty(row) ? `Wants a value. ${later}` : undefined
}

type Loose = { -readonly [K in keyof Match]?: unknown }

function put(match: Loose, row: MatchRow): void {
  const { kind, value } = row
  if (kind === "gateways") match.gateways = [...((match.gateways as string[] | undefined) ?? []), value]
  else if (kind === "port") match.port = Number(value)
  else if (kind === "sourceNamespace") match.sourceNamespace = value
  else if (kind === "sourceLabels")
    match.sourceLabels = { ...(match.sourceLabels as object | undefined), [row.name.trim()]: value }
  else if (isNamed(kind))
    match[kind] = { ...(match[kind] as object | undefined), [row.name.trim()]: joined(row) }
  else match[kind] = joined(row)
}

/** The match that whole rows make; what rows do not show of the one before (name, origin) stays. */
export function matchOf(rows: readonly MatchRow[], before: Match): Match {
  const match: Loose = {
    ...(before.origin === undefined ? {} : { origin: before.origin }),
    ...(before.name === undefined ? {} : { name: before.name }),
  }
  for (const row of rows) if (gapOf(row) === undefined) put(match, row)
  const uri = rows.find(({ kind }) => kind === "uri")
  if (uri && match.uri !== undefined && (uri.ignoreCase || before.ignoreUriCase !== undefined))
    match.ignoreUriCase = uri.ignoreCase
  return match as Match
}

/** Kinds that a match may still get: those without a name stand once, gateways as often as one likes. */
export const kindsLeft = (rows: readonly MatchRow[]): MatchKind[] =>
  (Object.keys(matchKinds) as MatchKind[]).filter(
    (kind) => kind === "gateways" || isNamed(kind) || !rows.some((row) => row.kind === kind),
  )
