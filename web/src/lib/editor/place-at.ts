import { ensureSyntaxTree, syntaxTree } from "@codemirror/language"
import type { EditorState } from "@codemirror/state"
import type { Step } from "./completion.ts"

/** A key or value in a text, and the path of the field that it is of. */
export type Place = { path: Step[]; from: number; to: number }

type SyntaxNode = ReturnType<typeof syntaxTree>["topNode"]

const words = new Set(["Key", "Literal", "QuotedLiteral", "BlockLiteral"])
const parseMs = 50

const unquoted = (key: string): string => (/^(["']).*\1$/s.test(key) ? key.slice(1, -1) : key)

function wordAt(node: SyntaxNode): SyntaxNode | null {
  for (let at: SyntaxNode | null = node; at; at = at.parent) if (words.has(at.name)) return at
  return null
}

/** The key or value at a position; null between them. It may stand in flow or block style, and in text that cannot be read as a whole. */
export function placeAt(state: EditorState, pos: number, side: -1 | 1): Place | null {
  const tree = ensureSyntaxTree(state, pos, parseMs) ?? syntaxTree(state)
  const word = wordAt(tree.resolveInner(pos, side))
  if (!word) return null
  const path: Step[] = []
  for (let at: SyntaxNode | null = word; at; at = at.parent) {
    if (at.name === "Item") path.unshift(null)
    const key = at.name === "Pair" ? at.getChild("Key") : null
    if (key) path.unshift(unquoted(state.sliceDoc(key.from, key.to)))
  }
  return path.length === 0 ? null : { path, from: word.from, to: word.to }
}

/** What is meant by a cursor: the word it is in or at, or else the first of its line. */
export function placeOfCursor(state: EditorState, pos: number): Place | null {
  const line = state.doc.lineAt(pos)
  const first = line.from + line.text.search(/[^\s-]/)
  return (
    placeAt(state, pos, -1) ?? placeAt(state, pos, 1) ?? (first < line.from ? null : placeAt(state, first, 1))
  )
}
