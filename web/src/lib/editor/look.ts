import { HighlightStyle } from "@codemirror/language"
import { EditorView } from "@codemirror/view"
import { tags } from "@lezer/highlight"

export const colors = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--y-key)" },
  { tag: [tags.string, tags.content], color: "var(--y-str)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--y-num)" },
  { tag: tags.comment, color: "var(--y-com)" },
])

const wavy = (color: string) => ({
  textDecoration: `underline wavy var(${color}) 1px`,
  textUnderlineOffset: "3px",
  textDecorationSkipInk: "none",
})

/** The look of YAML in the console, with marks. */
export const look = EditorView.theme({
  "&": { backgroundColor: "var(--sunk)", color: "var(--text)", font: "var(--t-code)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  // The gutter stands before the outline; this stands before the gutter.
  "&.cm-focused::after": {
    content: "''",
    position: "absolute",
    inset: "0",
    border: "2px solid var(--accent)",
    pointerEvents: "none",
    zIndex: "300",
  },
  ".cm-scroller": { font: "var(--t-code)", fontVariantLigatures: "none" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--text-3)", border: "0" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    backgroundColor: "var(--accent-bg) !important",
  },
  ".cm-marks": { width: "18px" },
  ".cm-marks .cm-gutterElement": {
    display: "grid",
    placeItems: "start center",
    paddingTop: "3px",
    cursor: "pointer",
  },
  ".cm-line.mk-error": { backgroundColor: "var(--fail-bg)" },
  ".cm-line.mk-warning": { backgroundColor: "var(--warn-bg)" },
  ".mk.of-error": wavy("--failing"),
  ".mk.of-warning": wavy("--degraded"),
  ".mk.of-info": wavy("--accent"),
  ".mk-tail": {
    font: "var(--t-cell)",
    marginLeft: "20px",
    cursor: "pointer",
    userSelect: "none",
  },
  ".mk-tail.of-error": { color: "var(--failing-text)" },
  ".mk-tail.of-warning": { color: "var(--degraded-text)" },
  ".mk-tail.of-info": { color: "var(--text-2)" },
  // Its width is that of the text, and never makes the text wider.
  ".mk-box": { padding: "2px 16px 4px 8px", font: "var(--t-cell)", contain: "inline-size" },
  ".mk-note": {
    border: "1px solid color-mix(in oklab, var(--control-line) 60%, var(--line))",
    borderRadius: "var(--r-2)",
    backgroundColor: "var(--surface)",
    padding: "8px 10px",
    whiteSpace: "normal",
    maxWidth: "720px",
    fontFamily: "var(--sans)",
  },
  ".mk-note.of-error": { borderColor: "color-mix(in oklab, var(--failing) 45%, var(--line))" },
  ".mk-note.of-warning": { borderColor: "color-mix(in oklab, var(--degraded) 45%, var(--line))" },
  ".mk-note.here": { boxShadow: "inset 2px 0 var(--accent)" },
  ".mk-head": { display: "flex", gap: "0 12px", alignItems: "baseline", flexWrap: "wrap" },
  ".mk-head b": { fontWeight: "550", flex: "1 1 340px", overflowWrap: "anywhere" },
  ".mk-codes": { color: "var(--text-3)", fontFamily: "var(--mono)", fontSize: "11px" },
  ".mk-note p": { color: "var(--text-2)", marginTop: "2px", overflowWrap: "anywhere" },
  ".mk-note a": { color: "var(--accent)", fontFamily: "var(--mono)", fontSize: "0.94em" },
  ".mk-note a:hover": { textDecoration: "underline", textUnderlineOffset: "2px" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    border: "0",
    borderRadius: "var(--r-2)",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { font: "var(--t-code)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent-bg)",
    color: "var(--text)",
  },
  ".cm-completionDetail": { color: "var(--text-3)", fontStyle: "normal" },
  ".dc": {
    maxWidth: "min(460px, 90vw)",
    padding: "8px 10px",
    font: "var(--t-cell)",
    overflowWrap: "anywhere",
  },
  ".dc-head": { display: "flex", gap: "0 12px", alignItems: "baseline", flexWrap: "wrap" },
  ".dc-head code": { fontFamily: "var(--mono)", color: "var(--y-key)", flex: "1 1 auto" },
  ".dc-head span": { color: "var(--text-3)" },
  ".dc p": { margin: "4px 0 0" },
  ".dc dl": {
    display: "grid",
    gridTemplateColumns: "auto 1fr",
    gap: "2px 10px",
    margin: "6px 0 0",
  },
  ".dc dt": { color: "var(--text-3)" },
  ".dc dd": { margin: "0", fontFamily: "var(--mono)", fontSize: "0.94em" },
  ".dc a": { display: "inline-block", marginTop: "6px", color: "var(--accent)" },
  ".dc a:hover": { textDecoration: "underline", textUnderlineOffset: "2px" },
})
