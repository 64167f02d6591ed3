import { untrack } from "svelte"
import type { KubeObject, ObjectRef } from "#shared/kube/object.ts"
import type { Draft } from "../editor/draft.ts"
import { objectKeyOf } from "../validation/finding-place.ts"
import type { ChangeSubject } from "./address.ts"
import type { Applying } from "./applying.svelte.ts"
import type { ChangeDraft } from "./draft.svelte.ts"
import { newObject } from "./new-object.ts"
import { type TextOf, objectDiffs, resultOf } from "./object-diffs.ts"
import type { ObjectsText } from "./objects-text.svelte.ts"
import type { Places } from "./places.svelte.ts"
import type { Preview } from "./preview.svelte.ts"
import type { SubjectSource } from "./subject-source.svelte.ts"

type Parts = {
  subject: ChangeSubject
  places: Places
  draft: ChangeDraft
  preview: Preview
  applying: Applying
  source: SubjectSource
  written: ObjectsText
}

/** The objects of a change as texts: how each would differ, and what somebody writes of them. */
export class Manifests {
  #parts: Parts
  /** What is written of objects and not applied yet, on whatever page. */
  #texts: Map<string, string>
  /** undefined: the code that writes YAML is on its way. */
  textOf = $state.raw<TextOf>()

  constructor(texts: Map<string, string>, parts: Parts) {
    this.#texts = texts
    this.#parts = parts
  }

  readonly diffs = $derived.by(() => {
    const { value } = this.#parts.preview
    return value && this.textOf ? objectDiffs(value.steps, this.textOf) : []
  })

  /** The objects as they would be: those of the preview over those that the control reads. */
  readonly #resulting: readonly KubeObject[] = $derived.by(() => {
    const { subject, places, draft, source } = this.#parts
    if (subject.type !== "object")
      return resultOf(source.objects.value ?? [], this.diffs, draft.clusters[0] ?? places.own)
    const { kind, namespace, name } = subject.object
    const { value } = source.object
    const object = value === null ? newObject(kind, namespace, name) : value
    return object ? [object] : []
  })

  /** What the editor begins with. */
  readonly opened = $derived.by(() => {
    const { opened } = this.#parts.written
    return this.textOf ? opened.map(this.textOf).join("---\n") : ""
  })

  /** What the change makes of an object. */
  patchOf(cluster: string, object: ObjectRef): string {
    const diff = this.diffs.find(({ key }) => key === objectKeyOf(cluster, object))
    return diff?.after && this.textOf ? this.textOf(diff.after) : ""
  }

  write(asked: Draft): void {
    const { subject, source, written } = this.#parts
    written.write(asked, subject.type === "control" ? (source.objects.value ?? []) : written.opened)
  }

  get #key(): string | undefined {
    const { subject, places } = this.#parts
    return subject.type === "object" ? objectKeyOf(places.own, subject.object) : undefined
  }

  /** Comes back to it when the reader does. */
  keep(now: string): void {
    this.#parts.written.written = now
    if (this.#key !== undefined) this.#texts.set(this.#key, now)
  }

  /** It is applied. */
  forget(): void {
    if (this.#key !== undefined) this.#texts.delete(this.#key)
  }

  /** Call it while a component is made. `isEditing`: somebody looks at the objects to write in them. */
  follow(isEditing: () => boolean): void {
    const { subject, places, draft, source, written } = this.#parts
    $effect(() => {
      void import("../editor/object-text.ts").then(({ manifestOf, yamlOf }) => {
        this.textOf = (object) => yamlOf(manifestOf(object))
      })
    })
    $effect(() => {
      const refs = source.reading.value?.objects
      if (isEditing() && refs && places.own !== "") untrack(() => source.readObjects(places.own, refs))
    })
    $effect(() => {
      const now = this.#resulting
      untrack(() => written.follow(now))
    })
    $effect(() => {
      if (subject.type === "control") written.followForm(draft.intent)
    })
    this.#takeOver()
  }

  /** What was written of the object on another page. */
  #takeOver(): void {
    const { subject, draft, applying, written } = this.#parts
    const handed = untrack(() => (this.#key === undefined ? undefined : this.#texts.get(this.#key)))
    written.written = handed
    $effect(() => {
      if (handed === undefined || subject.type !== "object" || written.opened.length === 0) return
      if (untrack(() => draft.intent !== null || applying.state !== "idle")) return
      void import("../editor/draft.ts").then(({ draftOf }) => this.write(draftOf(handed, subject.object)))
    })
  }
}
