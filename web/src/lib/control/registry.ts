import type { Component } from "svelte"
import type { FormControl } from "#shared/edit/intent.ts"
import type { FormProps } from "./form-props.ts"

/** The forms of the controls, each loaded when its page is opened. */
export const forms: Partial<Record<FormControl, () => Promise<{ default: Component<FormProps> }>>> = {}
