import { createContext } from "svelte"

/** The form around fields, as they know it. */
export type FieldProblems = {
  /** What is wrong at a path of the form, or below it. */
  at(path: string): string | undefined
  /** A field says that it shows what is wrong at its path. @returns ends it */
  claim(path: string): () => void
}

const [get, set, has] = createContext<FieldProblems>()
const none: FieldProblems = { at: () => undefined, claim: () => () => undefined }

export const setFieldProblems = set
/** Outside of a form a field has no problems but its own. */
export const getFieldProblems = (): FieldProblems => (has() ? get() : none)
