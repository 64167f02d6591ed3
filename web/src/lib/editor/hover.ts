import { type EditorState, type Extension, Prec, StateEffect, StateField } from "@codemirror/state"
import { EditorView, type Tooltip, hoverTooltip, keymap, showTooltip } from "@codemirror/view"
import type { Step } from "./completion.ts"
import type { Documentation } from "./documentation.ts"
import { kindAt } from "./object-kind.ts"
import { type Place, placeAt, placeOfCursor } from "./place-at.ts"

export type Describe = (place: {
  kind: string
  version: string
  path: Step[]
}) => Promise<Documentation | null>

const hoverMs = 350

function element(name: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(name)
  made.className = className
  made.append(...children)
  return made
}

function drawn({ path, type, required, says, facts, reference }: Documentation): HTMLElement {
  const head = element(
    "div",
    "dc-head",
    element("code", "", path),
    element("span", "", `${type}${required ? ", required" : ""}`),
  )
  const link = element("a", "", reference.text)
  for (const [name, value] of Object.entries({ href: reference.href, target: "_blank", rel: "noopener" }))
    link.setAttribute(name, value)
  const listed = facts.flatMap(({ name, text }) => [element("dt", "", name), element("dd", "", text)])
  const box = element(
    "div",
    "dc",
    head,
    ...(says ? [element("p", "", says)] : []),
    ...(listed.length > 0 ? [element("dl", "", ...listed)] : []),
    link,
  )
  box.dataset["testid"] = "documentation"
  box.setAttribute("role", "note")
  return box
}

async function documented(
  state: EditorState,
  place: Place | null,
  describe: Describe,
): Promise<Documentation | null> {
  const line = place ? state.doc.lineAt(place.from).number - 1 : 0
  const of = kindAt(state.doc.toString().split("\n"), line)
  return place && of ? describe({ ...of, path: place.path }) : null
}

const show = StateEffect.define<Tooltip | null>()

/** What the keyboard asked for; it stays until the cursor moves or the text changes. */
const asked = StateField.define<Tooltip | null>({
  create: () => null,
  update(before, { effects, docChanged, selection }) {
    const shown = effects.find((effect) => effect.is(show))
    if (shown) return shown.value
    return docChanged || selection ? null : before
  },
  provide: (field) => showTooltip.from(field),
})

function close(view: EditorView): boolean {
  if (!view.state.field(asked)) return false
  view.dispatch({ effects: show.of(null) })
  return true
}

function tooltip({ from, to }: Place, documentation: Documentation): Tooltip {
  return {
    pos: from,
    end: to,
    above: true,
    create(view) {
      const dom = drawn(documentation)
      dom.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return
        // To the page it would mean to leave the editor.
        event.stopPropagation()
        event.preventDefault()
        close(view)
        view.focus()
      })
      return { dom }
    },
  }
}

const spoken = ({ path, type, required, says, facts }: Documentation): string =>
  [
    `${path}: ${type}${required ? ", required" : ""}.`,
    says,
    ...facts.map(({ name, text }) => `${name}: ${text}.`),
  ].join(" ")

const ask =
  (describe: Describe) =>
  (view: EditorView): boolean => {
    const { state } = view
    const place = placeOfCursor(state, state.selection.main.head)
    void documented(state, place, describe).then((documentation) => {
      const isSame = view.state.doc === state.doc && view.state.selection.eq(state.selection)
      if (!isSame) return
      view.dispatch({
        effects: [
          show.of(place && documentation ? tooltip(place, documentation) : null),
          EditorView.announce.of(documentation ? spoken(documentation) : "Nothing is known of this field."),
        ],
      })
    })
    return true
  }

/** What a field is, at the pointer, or at the cursor by F1 or Ctrl I. */
export const hover = (describe: Describe): Extension => [
  hoverTooltip(
    async (view, pos, side) => {
      const place = placeAt(view.state, pos, side)
      const documentation = await documented(view.state, place, describe)
      return place && documentation ? tooltip(place, documentation) : null
    },
    { hoverTime: hoverMs, hideOnChange: true },
  ),
  asked,
  Prec.high(
    keymap.of([
      { key: "F1", run: ask(describe), preventDefault: true },
      { key: "Mod-i", run: ask(describe), preventDefault: true },
      { key: "Escape", run: close },
    ]),
  ),
]
