import type { Intent } from "#shared/edit/intent.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Draft } from "../editor/draft.ts"
import { countEdits, intentOfText } from "./draft-edit.ts"
import type { ChangeDraft } from "./draft.svelte.ts"

/** The YAML beside a form: follows the form until somebody writes in it; then it leads, until the form is taken back. */
export class ObjectsText {
  #draft: ChangeDraft
  /** What the form said before somebody wrote: a text that says the same again leads back to it. */
  #form: Intent | null = null
  /** What the editor begins with. */
  opened = $state.raw<readonly KubeObject[]>([])
  /** Another editor for each. */
  edition = $state(0)
  /** Why the text asks for nothing. */
  problem = $state("")
  /** Fields that the text says differently than the form. */
  edits = $state(0)
  /** As it stands in the editor, for whoever comes back to it. */
  written = $state.raw<string>()

  constructor(draft: ChangeDraft) {
    this.#draft = draft
  }

  /** Whether it says what the form does not. */
  readonly leads = $derived.by(() => this.problem !== "" || this.#draft.intent?.control === "objects")

  /** What the objects would be now. An object to be deleted is opened as it is, for whoever would rather edit it. */
  follow(objects: readonly KubeObject[]): void {
    if (!this.leads || this.opened.length === 0) this.opened = objects
  }

  followForm(intent: Intent | null): void {
    if (intent?.control !== "objects") this.#form = intent
  }

  write({ put, problems }: Draft, live: readonly KubeObject[]): void {
    const [problem] = problems
    this.problem = put.length === 0 ? (problem?.message ?? "The text holds no object.") : ""
    if (this.problem !== "") return
    this.edits = countEdits(put, this.opened)
    this.#draft.set(intentOfText({ put }, this.opened, live) ?? this.#form)
  }

  /** The form leads again, with what it said. */
  drop(): void {
    this.#draft.set(this.#form)
    this.forget()
  }

  /** Nothing is written. */
  forget(): void {
    this.problem = ""
    this.edits = 0
    this.written = undefined
    this.edition++
  }
}
