import { type ChangeSet, type Extension, type StateCommand, StateEffect, StateField } from "@codemirror/state"
import { keymap } from "@codemirror/view"

type Done = { undo: ChangeSet; at: number }
type Kept = { done: Done[]; undone: Done[] }

const travel = StateEffect.define<"undo" | "redo">()
/** What is typed without a pause is one step. */
const pauseMs = 500
const mostSteps = 500

const field = StateField.define<Kept>({
  create: () => ({ done: [], undone: [] }),
  update({ done, undone }, transaction) {
    if (!transaction.docChanged) return { done, undone }
    const inverse = transaction.changes.invert(transaction.startState.doc)
    const way = transaction.effects.find((effect) => effect.is(travel))?.value
    const step = { undo: inverse, at: performance.now() }
    if (way === "undo") return { done: done.slice(0, -1), undone: [...undone, step] }
    if (way === "redo") return { done: [...done, step], undone: undone.slice(0, -1) }
    const last = done.at(-1)
    const joins = last !== undefined && undone.length === 0 && step.at - last.at < pauseMs
    const joined = joins
      ? [...done.slice(0, -1), { undo: inverse.compose(last.undo), at: step.at }]
      : [...done, step]
    return { done: joined.slice(-mostSteps), undone: [] }
  },
})

const go =
  (way: "undo" | "redo"): StateCommand =>
  ({ state, dispatch }) => {
    const { done, undone } = state.field(field)
    const step = (way === "undo" ? done : undone).at(-1)
    if (!step) return false
    dispatch(
      state.update({ changes: step.undo, effects: travel.of(way), scrollIntoView: true, userEvent: way }),
    )
    return true
  }

/** Undo and redo: the editor has none of its own. */
export const steps = (): Extension => [
  field,
  keymap.of([
    { key: "Mod-z", run: go("undo"), preventDefault: true },
    { key: "Mod-y", run: go("redo"), preventDefault: true },
    { key: "Mod-Shift-z", run: go("redo"), preventDefault: true },
  ]),
]
