import type { z } from "zod"
import { canonicalJson } from "#shared/kube/bucket.ts"
import type { PolicyScope } from "#shared/edit/form.ts"
import type { Intent } from "#shared/edit/intent.ts"
import type { ControlReading } from "#shared/api/change.ts"
import type { FormDraft } from "./form-props.ts"

export const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b))

/** A form with one key more, or without it when the value is undefined. */
export function withKey<T extends object, K extends keyof T>(form: T, key: K, value: T[K] | undefined): T {
  const { [key]: _, ...rest } = form
  return (value === undefined ? rest : { ...form, [key]: value }) as T
}

/** What was read, as a form; undefined: nothing is set, or it was read by a server with another form. */
export function readForm<S extends z.ZodType>(schema: S, reading: ControlReading): z.infer<S> | undefined {
  return reading.form === null ? undefined : schema.safeParse(reading.form).data
}

/** The draft's intent where it is one of this control. */
export function intentOf<C extends Intent["control"]>(
  draft: Pick<FormDraft, "intent">,
  control: C,
): Extract<Intent, { control: C }> | undefined {
  const { intent } = draft
  return intent?.control === control ? (intent as Extract<Intent, { control: C }>) : undefined
}

/** The service that a form is about; a query without one names an empty one, which the server refuses by name. */
export const serviceOf = ({ query }: Pick<FormDraft, "query">): { namespace: string; name: string } => ({
  namespace: query.namespace ?? "",
  name: query.service ?? "",
})

/** Where in the service a policy is meant to hold. */
export const policyScope = ({ query }: Pick<FormDraft, "query">): PolicyScope => ({
  ...(query.subset === undefined ? {} : { subset: query.subset }),
  ...(query.port === undefined ? {} : { port: query.port }),
})
