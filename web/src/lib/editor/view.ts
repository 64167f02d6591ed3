import { yaml } from "@codemirror/lang-yaml"
import { foldGutter, foldKeymap, syntaxHighlighting } from "@codemirror/language"
import { EditorState, type Extension } from "@codemirror/state"
import { EditorView, keymap, lineNumbers } from "@codemirror/view"
import { colors, look } from "./look.ts"
import { type Mark, nextMark } from "./mark.ts"
import { choose, markExtensions, marking, setMarks } from "./marking.ts"

export type EditorOptions = {
  text: string
  label: string
  /** The reader pointed at a mark. */
  onchoose?: (key: string) => void
  extensions?: Extension
}

/** YAML on screen with marks. */
export type ShownEditor = {
  view: EditorView
  marks(marks: readonly Mark[]): void
  /** Opens the note of a mark, and brings it into view. */
  choose(key: string): void
  /** @returns the key of the mark that it went to */
  next(step: 1 | -1): string | undefined
  destroy(): void
}

export function showEditor(host: HTMLElement, options: EditorOptions): ShownEditor {
  let telling = true
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        yaml(),
        markExtensions((key) => {
          if (telling) options.onchoose?.(key)
        }),
        EditorView.lineWrapping,
        lineNumbers(),
        foldGutter(),
        keymap.of(foldKeymap),
        syntaxHighlighting(colors),
        look,
        EditorView.contentAttributes.of({ "aria-label": options.label }),
        options.extensions ?? [
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ "aria-readonly": "true" }),
        ],
      ],
    }),
  })
  const reveal = (mark: Mark | undefined): void => {
    if (!mark) return
    view.dispatch({
      effects: EditorView.scrollIntoView(Math.min(mark.from, view.state.doc.length), { y: "center" }),
    })
  }
  const shown: ShownEditor = {
    view,
    marks: (marks) => view.dispatch({ effects: setMarks.of(marks) }),
    choose(key) {
      const { marks, chosen } = view.state.field(marking)
      telling = false
      if (chosen !== key) view.dispatch({ effects: choose.of(key) })
      telling = true
      reveal(marks.find((mark) => mark.key === key))
    },
    next(step) {
      const { marks, chosen } = view.state.field(marking)
      const mark = nextMark(marks, chosen, step)
      if (!mark) return undefined
      view.dispatch({ effects: choose.of(mark.key) })
      reveal(mark)
      return mark.key
    },
    destroy: () => view.destroy(),
  }
  return shown
}
