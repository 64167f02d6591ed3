import { yaml } from "@codemirror/lang-yaml"
import { HighlightStyle, foldGutter, foldKeymap, syntaxHighlighting } from "@codemirror/language"
import { EditorState } from "@codemirror/state"
import { EditorView, keymap, lineNumbers } from "@codemirror/view"
import { tags } from "@lezer/highlight"
import { stringify } from "yaml"

const colors = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--y-key)" },
  { tag: [tags.string, tags.content], color: "var(--y-str)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--y-num)" },
  { tag: tags.comment, color: "var(--y-com)" },
])

const look = EditorView.theme({
  "&": { backgroundColor: "var(--sunk)", color: "var(--text)", font: "var(--t-code)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { font: "var(--t-code)", fontVariantLigatures: "none" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--text-3)", border: "0" },
  ".cm-content": { padding: "8px 0" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    backgroundColor: "var(--accent-bg) !important",
  },
})

/** Draws the object as YAML into `host`. @returns takes it away */
export function showYaml(host: HTMLElement, object: unknown, label: string): () => void {
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: stringify(object, { lineWidth: 0 }),
      extensions: [
        yaml(),
        lineNumbers(),
        foldGutter(),
        keymap.of(foldKeymap),
        syntaxHighlighting(colors),
        look,
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true" }),
      ],
    }),
  })
  return () => view.destroy()
}
