import { untrack } from "svelte"
import { codeOf, messageOf } from "../data/api.ts"
import type { Stores } from "../data/stores.ts"
import { goto } from "$app/navigation"
import { withScope } from "../url/query.svelte.ts"
import { undoPath } from "./address.ts"
import { type Applying, isGoing } from "./applying.svelte.ts"
import type { ChangeDraft } from "./draft.svelte.ts"
import type { Manifests } from "./manifests.svelte.ts"
import type { ObjectsText } from "./objects-text.svelte.ts"
import { canUndo, resultText } from "./outcome.ts"
import type { Overtaking } from "./overtaking.svelte.ts"
import type { Places } from "./places.svelte.ts"
import { type Preview, agedMs } from "./preview.svelte.ts"
import { type Sentence, sentenceOf } from "./sentence.ts"

type Parts = {
  places: Places
  draft: ChangeDraft
  preview: Preview
  applying: Applying
  written: ObjectsText
  manifests: Manifests
  overtaking: Overtaking
}

const said = (text: string, glyph: Sentence["glyph"] = "info"): Sentence => ({
  glyph,
  parts: [{ text }],
  possible: false,
})

/** The press of the button: what it would do in a sentence, whether it may be pressed, and what came of it. */
export class ApplyAction {
  #stores: Pick<Stores, "clock" | "session" | "toasts">
  #parts: Parts
  /** What was pressed for was old: a fresh preview is shown, and nothing was sent. */
  renewed = $state(false)

  constructor(stores: Pick<Stores, "clock" | "session" | "toasts">, parts: Parts) {
    this.#stores = stores
    this.#parts = parts
  }

  /** Of the preview; undefined: none was read. */
  readonly ageMs = $derived.by(() => {
    const { readAt } = this.#parts.preview
    return readAt === undefined ? undefined : Math.max(0, this.#stores.clock.now - readAt)
  })
  readonly isAged = $derived.by(() => this.ageMs !== undefined && this.ageMs >= agedMs)

  readonly sentence: Sentence = $derived.by(() => {
    const { places, draft, preview, written } = this.#parts
    if (written.problem !== "") return said(`The text cannot be read: ${written.problem}`, "error")
    if (preview.error !== undefined) return said(`Not possible: ${messageOf(preview.error)}`, "error")
    if (!draft.body) return said("Nothing is changed yet.")
    if (!preview.value) return said("Looking what it does.")
    const { guard, expiresInMs, conflicts, queueUntil } = draft
    const leftOut = places.targets.filter(({ checked }) => !checked).map(({ name }) => name)
    return sentenceOf(
      preview.value,
      { guard, expiresInMs, conflicts, queueUntil, leftOut },
      this.#stores.clock.now,
    )
  })

  /** Why it can never be pressed; empty: it can, or the sentence says why not now. */
  readonly why = $derived.by(() => {
    const { session } = this.#stores
    return session.can("operator")
      ? ""
      : `Needs the role operator; you are ${session.info?.role ?? "signed out"}`
  })
  readonly isReady = $derived.by(() => {
    const { preview, applying } = this.#parts
    return this.why === "" && this.sentence.possible && preview.current && applying.state === "idle"
  })

  async run(): Promise<void> {
    const { draft, preview, applying, manifests, overtaking } = this.#parts
    const body = draft.body
    const seen = preview.value
    if (!this.isReady || !body || !seen) return
    if (this.isAged) {
      if (!(await preview.refresh(body))) return
      // Another preview than the one that was read is not applied unread.
      if (preview.value?.digest !== seen.digest) {
        this.renewed = true
        return
      }
    }
    this.renewed = false
    const taken = await applying.send({ ...body, digest: preview.value?.digest ?? seen.digest }, seen.title)
    if (!taken) {
      overtaking.refused(codeOf(applying.error) === "change.outdated", seen.previewedAt)
      return
    }
    draft.assertion = ""
    manifests.forget()
    overtaking.dismiss()
    this.#tell()
  }

  #tell(): void {
    const { change } = this.#parts.applying
    if (!change) return
    const { toasts } = this.#stores
    const { glyph, text } = resultText(change)
    if (glyph === "error") toasts.fail(text)
    else
      toasts.ok(
        text,
        canUndo(change)
          ? { label: "Undo", run: () => void goto(withScope(undoPath(change.changeId))) }
          : undefined,
      )
  }

  /** Call it while a component is made: a result that comes while the page is open is told once more, as it may be far down. */
  follow(): void {
    const { applying } = this.#parts
    let told = ""
    $effect(() => {
      const { change } = applying
      if (!change || isGoing(change) || applying.state !== "sent") return
      const key = `${change.changeId} ${change.state}`
      if (told !== "" && told !== key && change.state !== "applied") untrack(() => this.#tell())
      told = key
    })
  }
}
