import { type EditorState, type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state"
import {
  Decoration,
  type DecorationSet,
  EditorView,
  GutterMarker,
  WidgetType,
  gutter,
} from "@codemirror/view"
import type { Level } from "#shared/validation/finding.ts"
import { glyphShapes } from "../ui/glyph.ts"
import { type Mark, type MarkedLine, byPlace, markedLines, openOf } from "./mark.ts"

export const setMarks = StateEffect.define<readonly Mark[]>()
export const choose = StateEffect.define<string>()

const svg = "http://www.w3.org/2000/svg"

function glyph(level: Level): SVGElement {
  const drawn = document.createElementNS(svg, "svg")
  for (const [name, value] of Object.entries({
    width: "11",
    height: "11",
    viewBox: "0 0 12 12",
    role: "img",
    "aria-label": level,
    "data-glyph": level,
  }))
    drawn.setAttribute(name, value)
  for (const { d, fill, stroke, width } of glyphShapes[level]) {
    const path = document.createElementNS(svg, "path")
    path.setAttribute("d", d)
    path.setAttribute("fill", fill ? `var(${fill})` : "none")
    path.setAttribute("stroke", stroke ? `var(${stroke})` : "none")
    if (width) path.setAttribute("stroke-width", String(width))
    drawn.append(path)
  }
  return drawn
}

function element(name: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(name)
  if (className) made.className = className
  made.append(...children)
  return made
}

class Glyph extends GutterMarker {
  readonly level: Level
  constructor(level: Level) {
    super()
    this.level = level
  }
  override eq(other: Glyph): boolean {
    return other.level === this.level
  }
  override toDOM(): Node {
    return glyph(this.level)
  }
}
const glyphs: Record<Level, Glyph> = {
  error: new Glyph("error"),
  warning: new Glyph("warning"),
  info: new Glyph("info"),
}

/** What is said at the end of a line: the first of its marks that are not open, and how many more. */
class Tail extends WidgetType {
  readonly marks: readonly Mark[]
  constructor(marks: readonly Mark[]) {
    super()
    this.marks = marks
  }
  override eq(other: Tail): boolean {
    return (
      other.marks.length === this.marks.length &&
      other.marks.every(
        (mark, i) => mark.key === this.marks[i]?.key && mark.message === this.marks[i].message,
      )
    )
  }
  override toDOM(view: EditorView): HTMLElement {
    const [first] = this.marks
    const more = this.marks.length > 1 ? `, and ${this.marks.length - 1} more` : ""
    const tail = element("span", `mk-tail of-${first?.level ?? "info"}`, `${first?.message ?? ""}${more}`)
    tail.onclick = () => {
      if (first) view.dispatch({ effects: choose.of(first.key) })
    }
    return tail
  }
  override ignoreEvent(): boolean {
    return true
  }
}

class Note extends WidgetType {
  readonly mark: Mark
  readonly chosen: boolean
  constructor(mark: Mark, chosen: boolean) {
    super()
    this.mark = mark
    this.chosen = chosen
  }
  override eq(other: Note): boolean {
    return (
      other.chosen === this.chosen &&
      other.mark.key === this.mark.key &&
      other.mark.message === this.mark.message &&
      other.mark.links.length === this.mark.links.length
    )
  }
  override get estimatedHeight(): number {
    return 92
  }
  override toDOM(): HTMLElement {
    const { level, message, codes, effect, remedy, links } = this.mark
    const lines = [
      element(
        "div",
        "mk-head",
        element("b", "", message),
        ...(codes.length > 0 ? [element("span", "mk-codes", codes.join(", "))] : []),
      ),
      ...[effect, remedy].filter(Boolean).map((text) => element("p", "", `${text}.`)),
    ]
    if (links.length > 0) {
      const about = element("p", "", "About: ")
      for (const [i, { text, href }] of links.entries()) {
        const link = element("a", "", text)
        link.setAttribute("href", href)
        about.append(...(i > 0 ? [", "] : []), link)
      }
      lines.push(about)
    }
    const note = element("div", `mk-note of-${level}${this.chosen ? " here" : ""}`, ...lines)
    note.dataset["testid"] = "note"
    note.setAttribute("role", "note")
    return element("div", "mk-box", note)
  }
  override ignoreEvent(): boolean {
    return true
  }
}

type Marking = {
  marks: readonly Mark[]
  chosen: string
  lines: readonly MarkedLine[]
  drawn: DecorationSet
}

function draw(state: EditorState, marks: readonly Mark[], chosen: string): Marking {
  const within = marks.filter(({ from }) => from <= state.doc.length)
  const lines = markedLines(within, (offset) => state.doc.lineAt(offset))
  const parts: { from: number; to: number; side: number; value: Decoration }[] = []
  for (const line of lines) {
    const open = openOf(line, chosen)
    if (line.worst !== "info")
      parts.push({
        from: line.from,
        to: line.from,
        side: -2,
        value: Decoration.line({ class: `mk-${line.worst}` }),
      })
    for (const { from, to, level } of [...line.marks].sort(byPlace)) {
      const end = Math.min(Math.max(to, from), line.to)
      if (end > from)
        parts.push({ from, to: end, side: 0, value: Decoration.mark({ class: `mk of-${level}` }) })
    }
    const rest = line.marks.filter((mark) => mark !== open)
    if (rest.length > 0)
      parts.push({
        from: line.to,
        to: line.to,
        side: 1,
        value: Decoration.widget({ widget: new Tail(rest), side: 1 }),
      })
    if (open)
      parts.push({
        from: line.to,
        to: line.to,
        side: 2,
        value: Decoration.widget({
          widget: new Note(open, open.key === chosen),
          side: 2,
          block: true,
        }),
      })
  }
  const drawn = Decoration.set(
    parts.map(({ from, to, value }) => value.range(from, to)),
    true,
  )
  return { marks: within, chosen, lines, drawn }
}

const nothing: Marking = { marks: [], chosen: "", lines: [], drawn: Decoration.none }

export const marking = StateField.define<Marking>({
  create: () => nothing,
  update(before, transaction) {
    let { marks, chosen } = before
    let anew = false
    if (transaction.docChanged && marks.length > 0) {
      // Until they are told anew, marks go along with the text that they stand at.
      marks = marks.map((mark) => ({
        ...mark,
        from: transaction.changes.mapPos(mark.from, 1),
        to: transaction.changes.mapPos(mark.to, -1),
      }))
      anew = true
    }
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) {
        marks = effect.value
        anew = true
      } else if (effect.is(choose)) {
        chosen = effect.value
        anew = true
      }
    }
    return anew ? draw(transaction.state, marks, chosen) : before
  },
  provide: (field) => EditorView.decorations.from(field, ({ drawn }) => drawn),
})

/** Marks in the gutter, under the text, at line ends and as notes. `onchoose`: the reader pointed at one. */
export const markExtensions = (onchoose: (key: string) => void): Extension => [
  marking,
  gutter({
    class: "cm-marks",
    markers: (view) => {
      const builder = new RangeSetBuilder<GutterMarker>()
      for (const { from, worst } of view.state.field(marking).lines) builder.add(from, from, glyphs[worst])
      return builder.finish()
    },
    initialSpacer: () => glyphs.info,
    domEventHandlers: {
      click(view, line) {
        const found = view.state.field(marking).lines.find(({ from }) => from === line.from)
        const [first] = found?.marks ?? []
        if (!first) return false
        view.dispatch({ effects: choose.of(first.key) })
        return true
      },
    },
  }),
  EditorView.updateListener.of(({ transactions }) => {
    for (const { effects } of transactions)
      for (const effect of effects) if (effect.is(choose)) onchoose(effect.value)
  }),
]
