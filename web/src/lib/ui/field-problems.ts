import { createContext } from "svelte"

/** What is wrong at a path of the form around; undefined: nothing that is known. */
export type FieldProblems = (path: string) => string | undefined

const [get, set, has] = createContext<FieldProblems>()

export const setFieldProblems = set
/** Outside of a form a field has no problems but its own. */
export const getFieldProblems = (): FieldProblems => (has() ? get() : () => undefined)
