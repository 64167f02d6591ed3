/** What can be looked up by a key; a look is recorded where somebody records. */
export type Lookup<T> = {
  get: (key: string) => T | undefined
  has: (key: string) => boolean
  values: () => Iterable<T>
}
