import { untrack } from "svelte"
import type { z } from "zod"
import { RoutingForm } from "#shared/edit/form.ts"
import type { FormProps } from "./form-props.ts"
import { intentOf, isSame, readForm } from "./form-value.ts"
import { type Which, ruleOf, whichKeys } from "./which.ts"
import { actionText } from "./words.ts"

type Props = () => Pick<FormProps, "draft" | "reading" | "routing">

/** The rule that a control's form is about: which one, what is read of it, and what the draft says. */
export class RuleChoice<Form extends Which> {
  #control: "shift" | "mirror" | "fault"
  #schema: z.ZodType<Form>
  #props: Props
  which: Which

  constructor(control: "shift" | "mirror" | "fault", schema: z.ZodType<Form>, props: Props) {
    this.#control = control
    this.#schema = schema
    this.#props = props
    this.which = $state.raw(untrack(() => whichKeys(this.intent?.set ?? this.read ?? {})))
  }

  /** As the server has read it, of whatever rule it chose. */
  readonly read = $derived.by(() => readForm(this.#schema, this.#props().reading))
  readonly intent = $derived.by(
    () => intentOf(this.#props().draft, this.#control) as { set: Form | null } | undefined,
  )

  readonly #routes = $derived.by(() => {
    const { routing } = this.#props()
    return routing && readForm(RoutingForm, routing)
  })
  readonly rules = $derived.by(() => this.#routes?.http ?? [])
  /** undefined: there is none yet. */
  readonly rule = $derived.by(() => ruleOf(this.which, this.#routes))
  /** What was read, where it is of the chosen rule. */
  readonly own = $derived.by(() =>
    isSame(whichKeys(this.which), whichKeys(this.read ?? {})) ? this.read : undefined,
  )
  /** What a rule does that sends requests nowhere: there is nothing of this kind to set in it. */
  readonly other = $derived.by(() =>
    this.rule && this.rule.action.type !== "route" ? actionText(this.rule.action) : undefined,
  )
}
