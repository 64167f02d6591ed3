/** Orders texts by their UTF-16 code units, as `sort()` does without a function: the one order of keys, names and paths. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
