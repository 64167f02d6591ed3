/** Namespaces that a caller reads: names, beginnings as `team-a-*`; null: all. */
export type Sight = readonly string[] | null

const fits = (pattern: string, namespace: string): boolean =>
  pattern.endsWith("*") ? namespace.startsWith(pattern.slice(0, -1)) : pattern === namespace

/** Whether a namespace is one that the caller reads. What is in none belongs to everybody. */
export const seesNamespace = (sight: Sight, namespace: string): boolean =>
  sight === null || namespace === "" || sight.some((pattern) => fits(pattern, namespace))

/** A namespace is itself one of those that are seen or not. */
export const seesObject = (
  sight: Sight,
  { kind, namespace, name }: { kind: string; namespace: string; name: string },
): boolean => seesNamespace(sight, kind === "Namespace" ? name : namespace)
