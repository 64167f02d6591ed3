import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import type { Example } from "#shared/validation/check.ts"

const folder = join(import.meta.dirname, "../../shared/src/validation/family")

const isExamples = (value: unknown): value is Example[] =>
  Array.isArray(value) && value.every((item) => typeof (item as Example).code === "string")

/** The examples of every family, by code. They are no part of the engine, and so are found by where they are. */
export async function allExamples(): Promise<ReadonlyMap<string, Example>> {
  const found = new Map<string, Example>()
  for (const family of readdirSync(folder).sort()) {
    const file = join(folder, family, "examples.ts")
    if (!existsSync(file)) continue
    const exported = (await import(file)) as Record<string, unknown>
    for (const examples of Object.values(exported))
      if (isExamples(examples)) for (const example of examples) found.set(example.code, example)
  }
  return found
}
