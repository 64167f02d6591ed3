import { isDnsLabel } from "./name.ts"
import type { Problem } from "./problem.ts"

/** What an `exportTo` is written on, where that matters: only services may be for no one; rules with a selector stay at home. */
export type Exported = "service" | "selecting" | "other"

function entryProblem(entry: string, exported: Exported): Problem {
  if (entry === "*" || entry === ".") return undefined
  if (entry === "~") return exported === "service" ? undefined : "~ (nobody) is only for a ServiceEntry"
  return isDnsLabel(entry) ? undefined : `"${entry}" is neither a namespace nor . nor *`
}

function selectingProblem(own: readonly string[], namespace: string): Problem {
  const stranger = own.find((entry) => entry !== namespace)
  if (stranger === undefined) return undefined
  return `an object with a workload selector applies to its own namespace only, not to ${stranger}`
}

/** What is wrong with a list of namespaces to export to. An empty list is none. Source: istio `validateExportTo`. */
export function exportToProblem(entries: readonly string[], namespace: string, exported: Exported): Problem {
  const seen = new Set<string>()
  for (const entry of entries) {
    const problem = entryProblem(entry, exported)
    if (problem !== undefined) return problem
    const name = entry === "." ? namespace : entry
    if (seen.has(name)) return entry === name ? `${entry} is there twice` : `. and ${namespace} are the same`
    seen.add(name)
  }
  if (exported === "selecting") {
    const problem = selectingProblem([...seen], namespace)
    if (problem !== undefined) return problem
  }
  if (seen.size > 1 && seen.has("*")) return "* already exports to everybody; there must be nothing beside it"
  return seen.size > 1 && seen.has("~") ? "~ (nobody) cannot stand beside namespaces" : undefined
}

/** The list that means the same and is right, where a repetition or something beside `*` is all that is wrong. */
export function exportToRemedy(
  entries: readonly string[],
  namespace: string,
  exported: Exported,
): readonly string[] | undefined {
  const seen = new Set<string>()
  const once = entries.filter((entry) => {
    const name = entry === "." ? namespace : entry
    if (seen.has(name)) return false
    seen.add(name)
    return true
  })
  const plain = once.every((entry) => exportToProblem([entry], namespace, exported) === undefined)
  const list = plain && seen.has("*") ? ["*"] : once
  return exportToProblem(list, namespace, exported) === undefined ? list : undefined
}
