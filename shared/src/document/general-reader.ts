import {
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
} from "yaml"
import { type Marks, addMark } from "./marks.ts"
import { type Duplicate, put } from "./cursor.ts"
import { ReadFault, maxDepth, tooDeep } from "./problem.ts"
import { plainKey, plainValue } from "./scalar.ts"

/** A document that was read, or why it was not. */
export type Reading =
  | { value: unknown; marks: Marks; duplicates: readonly Duplicate[]; start: number }
  | { fault: ReadFault; start: number }

/** Values that aliases may repeat in one document, each of them counted as often as it is named: past it a short text stands for gigabytes. */
const maxRepeated = 1_000_000

type Anchored = { value: unknown; size: number }

/** Tags that say what a text is read as; with any other it stays text. */
const taggedAs: Readonly<Record<string, (value: unknown) => boolean>> = {
  "!!int": Number.isInteger,
  "!!float": (value) => typeof value === "number",
  "!!bool": (value) => typeof value === "boolean",
  "!!null": (value) => value === null,
}

const flowEnd = /[,\]}]/

/** Turns the nodes of one document into values as Kubernetes reads them: its scalars, in-order merge keys, keys as text. */
class Conversion {
  readonly marks: Marks = new Map()
  readonly duplicates: Duplicate[] = []
  private readonly anchors = new Map<string, Anchored>()
  private size = 0
  private repeated = 0
  private readonly text: string
  private readonly base: number

  constructor(text: string, base: number) {
    this.text = text
    this.base = base
  }

  private offset(node: { range?: Node["range"] }): number {
    return this.base + (node.range?.[0] ?? 0)
  }

  value(node: unknown, depth: number): unknown {
    if (node === null || node === undefined) return null
    if (isAlias(node)) return this.alias(node.source, this.offset(node))
    const found = node as Scalar | YAMLMap | YAMLSeq
    if (depth > maxDepth) throw tooDeep(this.offset(found))
    const before = this.size++
    const value = isMap(found)
      ? this.map(found, depth)
      : isSeq(found)
        ? this.list(found, depth)
        : this.scalar(found)
    if (found.anchor !== undefined) this.anchors.set(found.anchor, { value, size: this.size - before })
    return value
  }

  private alias(name: string, offset: number): unknown {
    const anchored = this.anchors.get(name)
    if (!anchored)
      throw new ReadFault(
        `*${name} names no anchor before it`,
        offset,
        `Write &${name} at what it stands for`,
      )
    this.repeated += anchored.size
    this.size += anchored.size
    if (this.repeated > maxRepeated)
      throw new ReadFault(
        `its aliases repeat more than ${maxRepeated.toLocaleString("en")} values`,
        offset,
        "Write the values out, or fewer aliases of aliases",
      )
    return anchored.value
  }

  private scalar(node: Scalar): unknown {
    const text = typeof node.value === "string" ? node.value : String(node.source ?? "")
    const tag = node.tag?.replace("tag:yaml.org,2002:", "!!")
    if (tag === undefined) return node.type === "PLAIN" ? plainValue(this.plainText(node, text)) : text
    const fits = taggedAs[tag]
    if (!fits) return text
    const value = plainValue(text)
    if (fits(value)) return value
    throw new ReadFault(`"${text}" is no ${tag.slice(2)}`, this.offset(node), `Take away the tag ${tag}`)
  }

  /** `[001:db8::]`: to YAML 1.2 the last colon is a separator, to Kubernetes it is part of the text. */
  private plainText(node: Scalar, text: string): string {
    const end = node.range?.[1] ?? 0
    return this.text[end] === ":" && flowEnd.test(this.text[end + 1] ?? "") ? `${text}:` : text
  }

  private list(node: YAMLSeq, depth: number): unknown[] {
    const items: unknown[] = []
    for (const item of node.items) {
      const single = this.colonText(item)
      const value = single === undefined ? this.value(item, depth + 1) : single
      const at = item as Node
      addMark(this.marks, items, items.length, {
        key: { start: this.offset(at), end: this.offset(at) + 1 },
        value: this.spanOf(item),
      })
      items.push(value)
    }
    return items
  }

  /** An item that YAML 1.2 takes for a map of one key without a value, see plainText. */
  private colonText(item: unknown): unknown {
    if (!isMap(item) || item.items.length !== 1 || item.range?.[0] === undefined) return undefined
    const [pair] = item.items as Pair[]
    if (!pair || !isScalar(pair.key) || pair.key.type !== "PLAIN" || this.text[item.range[0]] === "{")
      return undefined
    const key = String(pair.key.value)
    const read = this.plainText(pair.key, key)
    return read === key || this.hasText(pair.value) ? undefined : plainValue(read)
  }

  private hasText(node: unknown): boolean {
    return isScalar(node) ? node.source !== "" && node.source !== undefined : node !== null
  }

  private spanOf(node: unknown): { start: number; end: number } | null {
    if (!isScalar(node) || !node.range || node.range[0] === node.range[1]) return null
    return { start: this.base + node.range[0], end: this.base + node.range[1] }
  }

  private map(node: YAMLMap, depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    for (const { key, value } of node.items as Pair[]) {
      if (isScalar(key) && key.value === "<<" && key.type === "PLAIN") {
        this.merge(object, value, depth)
        continue
      }
      const name = this.key(key, node)
      const at = this.offset(key as Node)
      const read = this.value(value, depth + 1)
      if (this.marks.get(object)?.has(name)) this.duplicates.push({ key: name, offset: at })
      put(object, name, read)
      const end = (key as Node).range?.[1] ?? 0
      addMark(this.marks, object, name, {
        key: { start: at, end: this.base + end },
        value: this.spanOf(value),
      })
    }
    return object
  }

  private key(node: unknown, map: YAMLMap): string {
    const value = isScalar(node) || isAlias(node) ? this.keyValue(node as Scalar) : undefined
    if (value !== undefined) return value
    const at = isScalar(node) || isMap(node) || isSeq(node) ? node : map
    throw new ReadFault("a key of a map is not a text", this.offset(at), 'Put the key in quotes: "key"')
  }

  private keyValue(node: Scalar): string | undefined {
    if (isScalar(node) && node.tag === undefined && node.type === "PLAIN") {
      const text = String(node.value ?? "")
      return text === "" ? undefined : plainKey(this.plainText(node, text))
    }
    const value = this.value(node, 0)
    return value === null || typeof value === "object" ? undefined : String(value)
  }

  /** Takes over the entries of a map or several, in the place where it stands: it replaces earlier keys, later keys replace it. */
  private merge(object: Record<string, unknown>, node: unknown, depth: number): void {
    const sources = isSeq(node) ? [...node.items].reverse() : [node]
    for (const source of sources) {
      const value = this.value(source, depth + 1)
      if (value === null || typeof value !== "object" || Array.isArray(value))
        throw new ReadFault(
          "<< wants a map, or a list of maps",
          this.offset(node as Node),
          "Name the anchor of a map: <<: *name",
        )
      const known = this.marks.get(value)
      for (const [name, read] of Object.entries(value)) {
        put(object, name, read)
        const place = known?.get(name)
        if (place) addMark(this.marks, object, name, place)
      }
    }
  }
}

const yamlOptions = {
  schema: "failsafe",
  strict: false,
  uniqueKeys: false,
  merge: false,
  resolveKnownTags: false,
  prettyErrors: false,
  logLevel: "silent",
} as const

const firstSentence = (message: string): string => message.split("\n")[0]?.replace(/[.:]$/, "") ?? message

function faultOf(document: Document.Parsed, base: number): ReadFault | undefined {
  const [error] = document.errors
  if (!error) return undefined
  const tabbed = error.code === "TAB_AS_INDENT"
  return new ReadFault(
    tabbed ? "is indented with a tab" : firstSentence(error.message),
    base + error.pos[0],
    tabbed ? "Indent with spaces" : "Correct the YAML at this place",
  )
}

function readingOf(document: Document.Parsed, text: string, base: number): Reading | undefined {
  const node = document.contents
  const start = base + (node?.range?.[0] ?? document.range[0])
  const fault = faultOf(document, base)
  if (fault) return { fault, start }
  if (node === null || (isScalar(node) && node.value === "" && node.type === "PLAIN")) return undefined
  try {
    const conversion = new Conversion(text, base)
    const value = conversion.value(node, 1)
    return { value, marks: conversion.marks, duplicates: conversion.duplicates, start }
  } catch (error) {
    if (error instanceof ReadFault) return { fault: error, start }
    throw error
  }
}

/** Longer than any single object (etcd takes 1.5 MiB); the general reader would take minutes for what the plain one reads in a second. */
const maxGeneral = 4 * 1024 * 1024

const bracket = /[[\]{}]/g

/** Where flow collections are deeper than anybody writes them; -1 for nowhere. The library would try, for minutes. */
function deepAt(text: string): number {
  let depth = 0
  bracket.lastIndex = 0
  for (let found = bracket.exec(text); found; found = bracket.exec(text)) {
    if (found[0] === "[" || found[0] === "{") depth++
    else if (depth > 0) depth--
    // Brackets in texts count here too: more of them than levels may be.
    if (depth > 4 * maxDepth) return found.index
  }
  return -1
}

/** Reads any YAML, with all that it knows; `base` is where `text` begins in its file. Never throws. */
export function readGeneral(text: string, base: number): Reading[] {
  if (text.length > maxGeneral)
    return [
      {
        fault: new ReadFault(
          `a document of ${Math.round(text.length / 1024 / 1024)} MiB with anchors, tags, texts over several lines or a mistake is too large`,
          base,
          "Split it into documents with ---",
        ),
        start: base,
      },
    ]
  const deep = deepAt(text)
  if (deep !== -1) return [{ fault: tooDeep(base + deep), start: base }]
  try {
    const parsed = parseAllDocuments(text, yamlOptions)
    return (Array.isArray(parsed) ? parsed : []).flatMap((each) => readingOf(each, text, base) ?? [])
  } catch (error) {
    if (error instanceof RangeError) return [{ fault: tooDeep(base), start: base }]
    throw error
  }
}
