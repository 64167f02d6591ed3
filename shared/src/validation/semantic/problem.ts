/** What is wrong with a value, as the rest of a sentence with the value in it; undefined when nothing is. */
export type Problem = string | undefined
