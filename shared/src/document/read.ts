import type { KubeObject } from "../kube/object.ts"
import { stepsOf } from "../validation/path.ts"
import { type Duplicate, unusual } from "./cursor.ts"
import { readGeneral } from "./general-reader.ts"
import { isRecord } from "../topology/fact/read.ts"
import { faultIn } from "./identity.ts"
import { type Lines, linesOf } from "./lines.ts"
import { type Marks, type Span, spanOf } from "./marks.ts"
import { PlainReader, type Root } from "./plain-reader.ts"
import { type Problem, ReadFault } from "./problem.ts"
import { type Chunk, chunksOf } from "./split.ts"
import { isTemplate, templateAt, templateRemedy } from "./template.ts"

export type { Problem } from "./problem.ts"

/** Where something stands in a file. Lines and columns count from 1; offsets are those of the text without byte order mark, with `\n` at line ends. */
export type Place = { line: number; column: number; start: number; end: number }

/** An object with where it came from. */
export type SourceObject = {
  object: KubeObject
  file: string
  /** The number of its document in the file, from 1. */
  document: number
  /** Where a path of it stands (validation/path.ts); the nearest thing above for what is not there; the object itself for "". Counted when asked for. */
  place: (path: string) => Place
}

export type Documents = {
  objects: SourceObject[]
  problems: Problem[]
  /** Those that hold something. */
  documents: number
}

/** Characters of one file. */
export const maxText = 256 * 1024 * 1024

type Steps = readonly (string | number)[]

type SpanAt = (steps: Steps) => Span

/** A file while it is read. */
class File {
  readonly text: string
  readonly name: string
  readonly lines: Lines
  /** Asked once: most files have no braces of a template, and need not be searched for them object by object. */
  readonly mayBeTemplate: boolean
  readonly result: Documents = { objects: [], problems: [], documents: 0 }

  /** What is done with the value of each document. */
  readonly take: (file: File, value: unknown, spanAt: SpanAt) => void

  constructor(text: string, name: string, take: File["take"]) {
    this.text = text
    this.name = name
    this.take = take
    this.lines = linesOf(text)
    this.mayBeTemplate = text.includes("{{")
  }

  place(span: Span): Place {
    return { ...this.lines(span.start), ...span }
  }

  problem(level: Problem["level"], offset: number, message: string, remedy: string): void {
    this.result.problems.push({ file: this.name, ...this.lines(offset), level, message, remedy })
  }

  duplicates(found: readonly Duplicate[]): void {
    for (const { key, offset } of found)
      this.problem(
        "warning",
        offset,
        `"${key}" stands twice in one map; the last one counts`,
        "Remove one of the two",
      )
  }
}

/** The roots of a chunk, and their marks: read again for them, when the plain reader read it. */
type Read = { roots: readonly Root[]; marks: () => { roots: readonly Root[]; marks: Marks } }

function marksOf(file: File, chunk: Chunk): Read["marks"] {
  let known: { roots: readonly Root[]; marks: Marks } | undefined
  return () => {
    if (known) return known
    const marks: Marks = new Map()
    known = { roots: new PlainReader(file.text, chunk.start, chunk.end, marks).read(), marks }
    return known
  }
}

function readPlain(file: File, chunk: Chunk): Read | undefined {
  try {
    const reader = new PlainReader(file.text, chunk.start, chunk.end, null)
    const roots = reader.read()
    if (reader.duplicates.length > 0) file.duplicates(reader.duplicates)
    return { roots, marks: marksOf(file, chunk) }
  } catch (error) {
    if (error === unusual) return undefined
    if (!(error instanceof ReadFault)) throw error
    file.result.documents++
    file.problem("error", error.offset, `document ${file.result.documents} ${error.message}`, error.remedy)
    return { roots: [], marks: marksOf(file, chunk) }
  }
}

function addFault(file: File, chunk: Chunk, fault: ReadFault): void {
  file.result.documents++
  const document = `document ${file.result.documents}`
  const template = templateAt(file.text, chunk.start, chunk.end)
  if (template === -1) file.problem("error", fault.offset, `${document}: ${fault.message}`, fault.remedy)
  else file.problem("error", template, `${document} is a template that was not rendered`, templateRemedy)
}

function addGeneral(file: File, chunk: Chunk): void {
  for (const reading of readGeneral(file.text.slice(chunk.start, chunk.end), chunk.start)) {
    if ("fault" in reading) {
      addFault(file, chunk, reading.fault)
      continue
    }
    file.duplicates(reading.duplicates)
    const roots = [{ value: reading.value, start: reading.start }]
    addRoots(file, { roots, marks: () => ({ roots, marks: reading.marks }) })
  }
}

function addRoots(file: File, read: Read): void {
  for (const [index, root] of read.roots.entries()) {
    if (root.value === null) continue
    file.result.documents++
    const spanAt: SpanAt = (steps) => {
      const { roots, marks } = read.marks()
      return spanOf(roots[index] ?? root, marks, steps)
    }
    file.take(file, root.value, spanAt)
  }
}

const listKind = /^(\w*)List$/

function addValue(file: File, value: unknown, steps: Steps, spanAt: SpanAt): void {
  if (isRecord(value) && typeof value["kind"] === "string" && Array.isArray(value["items"])) {
    const [, kind] = listKind.exec(value["kind"]) ?? []
    if (kind !== undefined) return addItems(file, value, kind, { steps, spanAt })
  }
  const place = (path: string): Place => file.place(spanAt([...steps, ...stepsOf(path)]))
  const { documents: document, objects } = file.result
  const wrong = faultIn(value)
  if (wrong) {
    const { start } = spanAt([...steps, ...wrong.at])
    file.problem(wrong.level, start, `${nameOf(file, steps)} ${wrong.message}`, wrong.remedy)
  } else if (file.mayBeTemplate && isTemplate(value as KubeObject)) {
    const { start } = spanAt(steps)
    const braces = templateAt(file.text, start, file.text.length)
    file.problem(
      "error",
      braces === -1 ? start : braces,
      `${nameOf(file, steps)} is a template that was not rendered`,
      templateRemedy,
    )
  } else objects.push({ object: value as KubeObject, file: file.name, document, place })
}

const nameOf = (file: File, steps: Steps): string =>
  `document ${file.result.documents}${steps.length > 0 ? `, item ${Number(steps.at(-1)) + 1},` : ""}`

/** The items of a list; those of a typed one (`PodList`) may leave out what they are. */
function addItems(
  file: File,
  list: Record<string, unknown>,
  kind: string,
  { steps, spanAt }: { steps: Steps; spanAt: SpanAt },
): void {
  const typed = kind === "" ? {} : { apiVersion: list["apiVersion"], kind }
  for (const [index, item] of (list["items"] as unknown[]).entries()) {
    const whole = kind !== "" && isRecord(item) && item["kind"] === undefined ? { ...typed, ...item } : item
    addValue(file, whole, [...steps, "items", index], spanAt)
  }
}

// eslint-disable-next-line no-control-regex -- those that YAML forbids
const forbidden = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/

/** Why a text is not read at all. */
function textFault(text: string): { offset: number; message: string; remedy: string } | undefined {
  if (text.length > maxText)
    return {
      offset: 0,
      message: `has more than ${maxText / 1024 / 1024} MiB`,
      remedy: "Split it into several files",
    }
  const found = forbidden.exec(text)
  if (!found) return undefined
  const code = found[0].charCodeAt(0).toString(16).padStart(2, "0")
  return {
    offset: found.index,
    message: `holds the control character 0x${code}; it is no text`,
    remedy: "Give a YAML or JSON file in UTF-8",
  }
}

function readAll(source: string, name: string, take: File["take"]): File {
  const unmarked = source.startsWith("\ufeff") ? source.slice(1) : source
  const text = unmarked.includes("\r") ? unmarked.replaceAll(/\r\n?/g, "\n") : unmarked
  const file = new File(text, name, take)
  const fault = textFault(text)
  if (fault) {
    file.problem("error", fault.offset, fault.message, fault.remedy)
    return file
  }
  for (const chunk of chunksOf(text)) {
    const read = chunk.plain ? readPlain(file, chunk) : undefined
    if (read) addRoots(file, read)
    else addGeneral(file, chunk)
  }
  return file
}

/**
 * Reads a YAML or JSON text as Kubernetes does: several documents, `List` objects, JSON one after another. A document that cannot be read is a problem
 * with its line, and the others are read all the same. Never throws.
 */
export const readDocuments = (source: string, name: string): Documents =>
  readAll(source, name, (file, value, spanAt) => {
    addValue(file, value, [], spanAt)
  }).result

/** A document of any kind: MeshConfig, values. */
export type SourceValue = { value: unknown; place: (path: string) => Place }

/** The same for documents that need not be Kubernetes objects. Never throws. */
export function readValues(
  source: string,
  name: string,
): { values: SourceValue[]; problems: readonly Problem[] } {
  const values: SourceValue[] = []
  const { result } = readAll(source, name, (file, value, spanAt) => {
    values.push({ value, place: (path) => file.place(spanAt(stepsOf(path))) })
  })
  return { values, problems: result.problems }
}
