import { isRecord } from "../../topology/fact/read.ts"
import { Duration } from "../form.ts"
import { FlagFault } from "./fault.ts"

/**
 * One flag of a control and the field of its form that it says. The CLI makes its options of these tables and the lines of a change are written by
 * them: what one writes the other reads.
 */
export type FormFlag = {
  /** Without the dashes: `max-connections`. */
  name: string
  /** Place in the form. */
  path: readonly string[]
  /** What stands for the value in help: `count`. */
  value: string
  words: string
  choices?: readonly string[]
  /** Repeated: each is one entry of a list, or of a map. */
  many?: "list" | "map"
  /** The value of a text; undefined when it is none. Of a map: a pair. */
  read: (text: string) => unknown
  /** The text of a value. */
  write: (value: unknown) => string
  /** What it wants, for a text that it does not take. */
  wants: string
}

export type FlagValues = Readonly<Record<string, string | readonly string[] | undefined>>

type Kind = Pick<FormFlag, "value" | "read" | "write" | "wants">
const matching = (pattern: RegExp, convert: (text: string) => unknown) => (text: string) =>
  pattern.test(text) ? convert(text) : undefined

const kinds = {
  text: { value: "text", read: (text) => text, write: String, wants: "a text" },
  count: { value: "count", read: matching(/^\d{1,10}$/, Number), write: String, wants: "a whole number" },
  number: { value: "number", read: matching(/^\d+(?:\.\d+)?$/, Number), write: String, wants: "a number" },
  percent: {
    value: "percent",
    read: matching(/^\d{1,3}(?:\.\d+)?%?$/, (text) => Number(text.replace("%", ""))),
    write: String,
    wants: "a share from 0 to 100",
  },
  duration: {
    value: "duration",
    read: (text) => (Duration.safeParse(text).success ? text : undefined),
    write: String,
    wants: "a duration such as 250ms, 1.5s or 1m",
  },
  switch: {
    value: "true|false",
    read: matching(/^(?:true|false)$/, (text) => text === "true"),
    write: String,
    wants: "true or false",
  },
  /** `NAME=VALUE`. */
  pair: {
    value: "name=value",
    read: (text) => {
      const at = text.indexOf("=")
      return at < 1 ? undefined : [text.slice(0, at), text.slice(at + 1)]
    },
    write: (value) => (value as [string, unknown]).map(String).join("="),
    wants: "NAME=VALUE",
  },
} as const satisfies Record<string, Kind>

type More = Partial<Pick<FormFlag, "value" | "many" | "choices">>

/** A flag of a kind of value. `path` with dots. */
export const flag = (
  kind: keyof typeof kinds,
  [name, path]: readonly [name: string, path: string],
  words: string,
  more: More = {},
): FormFlag => ({
  ...kinds[kind],
  ...(kind === "switch" ? { choices: ["true", "false"] } : {}),
  name,
  path: path.split("."),
  words,
  ...more,
})

/** One of a closed list, in upper or lower case, with `-` for `_`: `round-robin`. */
export const choice = (
  [name, path]: readonly [name: string, path: string],
  words: string,
  options: readonly string[],
): FormFlag => {
  const shown = options.map((option) => option.toLowerCase().replaceAll("_", "-"))
  return {
    name,
    path: path.split("."),
    words,
    value: name.split("-").at(-1) ?? name,
    choices: shown,
    read: (text) => options[shown.indexOf(text.toLowerCase().replaceAll("_", "-"))],
    write: (value) => String(value).toLowerCase().replaceAll("_", "-"),
    wants: `one of ${shown.join(", ")}`,
  }
}

type Draft = Record<string, unknown>

function put(draft: Draft, path: readonly string[], value: unknown): void {
  const [first = "", ...rest] = path
  if (rest.length === 0) {
    draft[first] = value
    return
  }
  const child = isRecord(draft[first]) ? draft[first] : {}
  draft[first] = child
  put(child, rest, value)
}

const at = (form: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, step) => (isRecord(value) ? value[step] : undefined), form)

function readOne({ name, wants, read }: FormFlag, text: string): unknown {
  const value = read(text)
  if (value === undefined) throw new FlagFault(`--${name} "${text}": wants ${wants}`)
  return value
}

function readFlag(each: FormFlag, given: string | readonly string[]): unknown {
  const values = [given].flat().map((text) => readOne(each, text))
  if (each.many === undefined) return values.at(-1)
  return each.many === "list" ? values : Object.fromEntries(values as [string, unknown][])
}

/** What the flags say, as a part of a form; values are checked one by one, the form as a whole is not. @throws FlagFault */
export function readFlags(table: readonly FormFlag[], given: FlagValues): Draft {
  const draft: Draft = {}
  for (const each of table) {
    const text = given[each.name]
    if (text !== undefined) put(draft, each.path, readFlag(each, text))
  }
  return draft
}

const textsOf = ({ many, write }: FormFlag, value: unknown): string[] => {
  if (many === "list") return (value as readonly unknown[]).map(write)
  return many === "map" ? Object.entries(value as Draft).map(write) : [write(value)]
}

/** The flags that say a form; of a form that has none, such as are read otherwise. */
export function writeFlags(table: readonly FormFlag[], form: unknown): string[] {
  return table.flatMap((each) => {
    const value = at(form, each.path)
    return value === undefined ? [] : textsOf(each, value).flatMap((text) => [`--${each.name}`, text])
  })
}

/** The flags of words as `writeFlags` writes them. */
export function flagValues(table: readonly FormFlag[], words: readonly string[]): FlagValues {
  const values: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [name = "", text = ""] = [words[i]?.slice(2), words[i + 1]]
    const before = values[name]
    const { many } = table.find((each) => each.name === name) ?? {}
    values[name] = many === undefined ? text : [...(Array.isArray(before) ? before : []), text]
  }
  return values
}
