import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  acceptCompletion,
  autocompletion,
  completionKeymap,
} from "@codemirror/autocomplete"
import { type Extension, type StateCommand } from "@codemirror/state"
import { EditorView, keymap } from "@codemirror/view"
import { type Choice, type Step } from "./completion.ts"
import { cursorPath } from "./cursor-path.ts"
import { steps } from "./history.ts"
import { kindAt } from "./object-kind.ts"

export type Complete = (place: {
  kind: string
  version: string
  path: Step[]
  writes: "field" | "value"
}) => Promise<Choice[]>

/** A new line begins where this one does; after a field that opens something, or a dash, two further. */
const newline: StateCommand = ({ state, dispatch }) => {
  const change = state.changeByRange((range) => {
    const line = state.doc.lineAt(range.from)
    const before = line.text.slice(0, range.from - line.from)
    const indent = /^\s*/.exec(before)?.[0] ?? ""
    const opens = /:\s*$/.test(before) ? "  " : ""
    const item = /^\s*((?:-\s+)+)\S/.exec(before)?.[1]?.length ?? 0
    const insert = `\n${indent}${" ".repeat(item)}${opens}`
    return {
      changes: { from: range.from, to: range.to, insert },
      range: range.extend(range.from + insert.length),
    }
  })
  dispatch(state.update(change, { scrollIntoView: true, userEvent: "input" }))
  return true
}

/** The browser's own leaves out what stands at and behind a note. */
const selectAll: StateCommand = ({ state, dispatch }) => {
  dispatch(state.update({ selection: { anchor: 0, head: state.doc.length }, userEvent: "select" }))
  return true
}

const usual = new Set(["apiVersion", "kind", "metadata", "spec"])

const source =
  (complete: Complete) =>
  async (context: CompletionContext): Promise<CompletionResult | null> => {
    const { doc } = context.state
    const line = doc.lineAt(context.pos)
    const lines = doc.toString().split("\n")
    const place = cursorPath(lines, line.number - 1, context.pos - line.from)
    const of = kindAt(lines, line.number - 1)
    if (!place || !of) return null
    const written = line.text.slice(place.from, context.pos - line.from)
    if (written === "" && !context.explicit && place.writes === "field") return null
    const choices = await complete({ ...of, path: place.path, writes: place.writes })
    const options = choices
      .filter(({ label }) => !place.siblings.includes(label))
      .map((choice): Completion => ({
        label: choice.label,
        detail: choice.detail,
        boost: usual.has(choice.label) || choice.detail.endsWith("required") ? 1 : 0,
        apply: (view, _, from, to) => {
          const open =
            choice.opens === "object"
              ? `:\n${" ".repeat(place.indent + 2)}`
              : choice.opens === "list"
                ? `:\n${" ".repeat(place.indent)}- `
                : ": "
          const insert = choice.type === "value" ? choice.label : choice.label + open
          view.dispatch({
            changes: { from, to, insert },
            selection: { anchor: from + insert.length },
            userEvent: "input.complete",
          })
        },
      }))
    return options.length === 0 ? null : { from: line.from + place.from, options, validFor: /^[\w.-]*$/ }
  }

/** An editor that is written in: undo, indentation, completion from the definitions of the kinds. */
export const editing = (complete: Complete, onchange: (text: string) => void): Extension => [
  steps(),
  autocompletion({ override: [source(complete)], icons: false, interactionDelay: 30 }),
  keymap.of([
    ...completionKeymap,
    { key: "Enter", run: newline },
    { key: "Mod-a", run: selectAll },
    // Otherwise Tab leaves the text, as it does everywhere.
    { key: "Tab", run: acceptCompletion },
    {
      key: "Escape",
      run: (view) => {
        view.contentDOM.blur()
        return true
      },
    },
  ]),
  EditorView.updateListener.of((update) => {
    if (update.docChanged) onchange(update.state.doc.toString())
  }),
]
