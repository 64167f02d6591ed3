import type { Edit } from "./edit.ts"
import type { MtlsMode } from "./form.ts"
import type { FormControl } from "./intent.ts"
import type { ObjectRef } from "../kube/object.ts"

/** Something to know before it is applied; `code` is stable (`mtls.plaintext_client`). */
export type Warning = { code: string; message: string }

/** What an intent becomes in one cluster. Nothing to do: no edits. */
export type Plan = {
  edits: readonly Edit[]
  /** One sentence without a full stop: `Shift reviews to v1 80 %, v3 20 %`. */
  title: string
  /** Services that the change is about, as `namespace/name`; what history, guard and traffic are looked up by. */
  services: readonly string[]
  warnings: readonly Warning[]
}

/** What a form shows of what is there, whoever wrote it. */
export type Reading<F = unknown> = {
  control: FormControl
  /** null: nothing is set. */
  form: F | null
  /** Which API the service's routes are written in, or would be. */
  api: "istio" | "gateway"
  /** Objects that were read, in the order in which they win. */
  objects: readonly ObjectRef[]
  /** Fields of them that the form cannot show, and keeps: paths as `spec.http[0].corsPolicy`. */
  unshown: readonly { object: ObjectRef; path: string }[]
  /** What the form offers: versions behind the service with the labels that make them, and ready pods. */
  versions: readonly {
    subset: string
    labels: Readonly<Record<string, string>>
    pods: number
    exists: boolean
  }[]
  /** Http rules that no request reaches, by their place in the object (from 0, as `origin`), and the rule that takes their requests; null: one of another object. */
  shadowed: readonly { rule: number; by: number | null; message: string }[]
  warnings: readonly Warning[]
  /** Of mtls only: what counts, and what each level says. */
  mtls?: MtlsReading
}

/** What a place takes of its clients. */
export type MtlsReading = {
  effective: "STRICT" | "PERMISSIVE" | "DISABLE"
  /** Where that comes from, as a sentence. */
  message: string
  /** The closest first; of a level that no object speaks for, `object` is null. */
  levels: readonly {
    level: "port" | "service" | "namespace" | "mesh"
    mode: MtlsMode
    object: ObjectRef | null
  }[]
}
