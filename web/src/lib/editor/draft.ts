import { type SourceObject, readDocuments } from "#shared/document/read.ts"
import { type KubeObject, type ObjectRef, refOf } from "#shared/kube/object.ts"
import { sentence } from "../validation/finding-place.ts"
import type { Mark } from "./mark.ts"

/** What an editor's text says. */
export type Draft = {
  put: readonly KubeObject[]
  /** The object that was opened, when the text no longer has it. */
  remove: readonly ObjectRef[]
  /** What could not be read. */
  problems: Mark[]
  /** Where a path of one of its objects stands. */
  place: (object: ObjectRef, path: string) => { start: number; end: number }
}

const idOf = ({ kind, namespace, name }: ObjectRef): string => `${kind}/${namespace}/${name}`

function offsetOf(text: string, line: number, column: number): number {
  let from = 0
  for (let i = 1; i < line; i++) {
    const end = text.indexOf("\n", from)
    if (end < 0) return text.length
    from = end + 1
  }
  return Math.min(text.length, from + column - 1)
}

export function draftOf(text: string, opened: ObjectRef): Draft {
  const { objects, problems } = readDocuments(text, "")
  const sources = new Map<string, SourceObject>(objects.map((source) => [idOf(refOf(source.object)), source]))
  return {
    put: objects.map(({ object }) => object),
    // A text that cannot be read says nothing of what was there.
    remove: objects.length === 0 || sources.has(idOf(opened)) ? [] : [opened],
    problems: problems.map(({ line, column, level, message, remedy }, i): Mark => {
      const from = offsetOf(text, line, column)
      const end = text.indexOf("\n", from)
      return {
        key: `problem ${i}`,
        from,
        to: end < 0 ? text.length : end,
        level,
        message: sentence(message),
        codes: [],
        effect: "",
        remedy,
        links: [],
      }
    }),
    place: (object, path) =>
      sources.get(idOf(object))?.place(path === "" ? "metadata.name" : path) ?? { start: 0, end: 0 },
  }
}
