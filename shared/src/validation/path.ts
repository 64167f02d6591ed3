/** Paths in objects: `spec.http[0].match[1].uri`, `metadata.annotations["a.b/c"]`. */

const plain = /^[A-Za-z_][\w-]*$/

/** Appends a field or an index: `at("spec", "http", 0)` is `spec.http[0]`. */
export function at(path: string, ...steps: readonly (string | number)[]): string {
  let result = path
  for (const step of steps)
    result +=
      typeof step === "number"
        ? `[${step}]`
        : plain.test(step)
          ? result === ""
            ? step
            : `.${step}`
          : `[${JSON.stringify(step)}]`
  return result
}

const part = /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y

/** The steps of a path. A part that cannot be read ends it. */
export function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = []
  part.lastIndex = 0
  for (let found = part.exec(path); found; found = part.exec(path))
    steps.push(
      found[1] !== undefined
        ? found[1]
        : found[2] !== undefined
          ? Number(found[2])
          : (JSON.parse(found[3] ?? '""') as string),
    )
  return steps
}

/** The JSON pointer of a path, for a patch: `/spec/http/0`. */
export const pointerOf = (path: string): string =>
  stepsOf(path)
    .map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")
