import type { Match, StringMatch } from "../form.ts"
import { FlagFault } from "./fault.ts"

/**
 * One match as `-m` takes it: `uri:prefix=/api,header:x-user:exact=ann`. Fields are joined by commas and must all hold (a comma of a value is written
 * `\,`); without a kind a text is compared exactly.
 */

const stringFields = ["uri", "method", "scheme", "authority"] as const
const recordFields = { header: "headers", "without-header": "withoutHeaders", query: "queryParams" } as const
type RecordField = keyof typeof recordFields

const stringPart = /^(uri|method|scheme|authority)(?::(exact|prefix|regex))?=(.*)$/s
const recordPart = /^(header|without-header|query):([^:=]+)(?:(?::(exact|prefix|regex))?=(.*))?$/s
const plainPart = /^(port|source-namespace|gateway|name|url)=(.+)$/s
const labelPart = /^label:([^=]+)=(.*)$/s

type Draft = { -readonly [K in keyof Match]: Match[K] }

const compared = (kind: string | undefined, value: string): StringMatch =>
  kind === "prefix" ? { prefix: value } : kind === "regex" ? { regex: value } : { exact: value }

function once<K extends keyof Match>(draft: Draft, key: K, value: NonNullable<Match[K]>): true {
  if (draft[key] !== undefined) throw new FlagFault(`says "${key}" twice; repeat -m where either may hold`)
  draft[key] = value
  return true
}

function readString(draft: Draft, part: string): boolean {
  const [, field, kind, value = ""] = stringPart.exec(part) ?? []
  return field !== undefined && once(draft, field as (typeof stringFields)[number], compared(kind, value))
}

function readRecord(draft: Draft, part: string): boolean {
  const [, field, name = "", kind, value] = recordPart.exec(part) ?? []
  if (field === undefined) return false
  const key = recordFields[field as RecordField]
  if (draft[key]?.[name] !== undefined) throw new FlagFault(`says ${field} "${name}" twice`)
  draft[key] = { ...draft[key], [name]: value === undefined ? { present: true } : compared(kind, value) }
  return true
}

function readLabel(draft: Draft, part: string): boolean {
  const [, name, value = ""] = labelPart.exec(part) ?? []
  if (name === undefined) return false
  draft.sourceLabels = { ...draft.sourceLabels, [name]: value }
  return true
}

/** A path, or a whole address: scheme, authority and path exactly. */
function readUrl(draft: Draft, value: string): true {
  if (value.startsWith("/")) return once(draft, "uri", { exact: value })
  const [, scheme = "", authority = "", path] = /^(https?):\/\/([^/]+)(\/.*)?$/.exec(value) ?? []
  if (scheme === "") throw new FlagFault(`url "${value}" is none; write /path or http://host/path`)
  once(draft, "scheme", { exact: scheme })
  once(draft, "authority", { exact: authority })
  return path === undefined ? true : once(draft, "uri", { exact: path })
}

function portOf(value: string): number {
  if (!/^\d{1,5}$/.test(value)) throw new FlagFault(`port "${value}" is no number`)
  return Number(value)
}

function readPlain(draft: Draft, part: string): boolean {
  if (part === "ignore-case") return once(draft, "ignoreUriCase", true)
  const [, field, value = ""] = plainPart.exec(part) ?? []
  if (field === "url") return readUrl(draft, value)
  if (field === "port") return once(draft, "port", portOf(value))
  if (field === "name") return once(draft, "name", value)
  if (field === "source-namespace") return once(draft, "sourceNamespace", value)
  if (field !== "gateway") return false
  draft.gateways = [...(draft.gateways ?? []), value]
  return true
}

const partsOf = (text: string): string[] =>
  text.split(/(?<!\\),/).map((part) => part.replaceAll(String.raw`\,`, ","))

/** @throws FlagFault with the part that says nothing */
export function matchOf(text: string): Match {
  const draft: Draft = {}
  for (const part of partsOf(text))
    if (
      !readString(draft, part) &&
      !readRecord(draft, part) &&
      !readLabel(draft, part) &&
      !readPlain(draft, part)
    )
      throw new FlagFault(
        `"${part}" is no match; write uri, method, scheme or authority as uri:prefix=/api (exact, prefix or regex), header:NAME=VALUE, without-header:NAME, query:NAME=VALUE, port=, label:NAME=VALUE, source-namespace=, gateway=, ignore-case`,
      )
  return draft
}

const comparison = (match: StringMatch | { present: true }): string => {
  const [[kind = "", value = ""] = []] = Object.entries(match)
  return kind === "present" ? "" : `:${kind}=${String(value)}`
}

/** The text that `matchOf` reads; of a match that has none, one that it reads otherwise. */
export function matchText(match: Match): string {
  const { name, ignoreUriCase, port, sourceLabels, sourceNamespace, gateways } = match
  const parts = [
    ...stringFields.flatMap((field) => (match[field] ? [`${field}${comparison(match[field])}`] : [])),
    ...(ignoreUriCase === true ? ["ignore-case"] : []),
    ...(Object.entries(recordFields) as [RecordField, (typeof recordFields)[RecordField]][]).flatMap(
      ([field, key]) =>
        Object.entries(match[key] ?? {}).map(([header, value]) => `${field}:${header}${comparison(value)}`),
    ),
    ...(port === undefined ? [] : [`port=${port}`]),
    ...Object.entries(sourceLabels ?? {}).map(([label, value]) => `label:${label}=${value}`),
    ...(sourceNamespace === undefined ? [] : [`source-namespace=${sourceNamespace}`]),
    ...(gateways ?? []).map((gateway) => `gateway=${gateway}`),
    ...(name === undefined ? [] : [`name=${name}`]),
  ]
  return parts.map((part) => part.replaceAll(",", String.raw`\,`)).join(",")
}
