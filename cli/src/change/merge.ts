import { isRecord } from "#shared/topology/fact/read.ts"
import type { FormFlag } from "#shared/edit/line/form-flag.ts"

type Form = Record<string, unknown>

/** What is said stands in for what is there, field by field; lists as a whole. */
export function merged(there: Form, said: Form): Form {
  const result: Form = { ...there }
  for (const [key, value] of Object.entries(said)) {
    const before = result[key]
    result[key] = isRecord(before) && isRecord(value) ? merged(before, value) : value
  }
  return result
}

const at = (form: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, step) => (isRecord(value) ? value[step] : undefined), form)

/** The form without a field; what held nothing else goes with it. */
export function without(form: Form, [first = "", ...rest]: readonly string[]): Form {
  const { [first]: child, ...others } = form
  if (rest.length === 0 || !isRecord(child)) return others
  const left = without(child, rest)
  return Object.keys(left).length === 0 ? others : { ...others, [first]: left }
}

/** Fields of which an object has one: what is said of one ends the others. */
export function withoutRivals(there: Form, said: Form, rivals: readonly (readonly string[])[]): Form {
  return rivals.reduce((form, group) => {
    const paths = group.map((path) => path.split("."))
    if (!paths.some((path) => at(said, path) !== undefined)) return form
    return paths
      .filter((path) => at(said, path) === undefined)
      .reduce((left, path) => without(left, path), form)
  }, there)
}

export const pathOf = (table: readonly FormFlag[], name: string): readonly string[] | undefined =>
  table.find((flag) => flag.name === name.replace(/^--/, ""))?.path
