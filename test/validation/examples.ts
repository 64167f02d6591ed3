import type { Example } from "#shared/validation/check.ts"
import { listedInFamilies } from "./family-files.ts"

/** The examples of every family, by code. */
export async function allExamples(): Promise<ReadonlyMap<string, Example>> {
  const examples = await listedInFamilies<Example>("examples.ts", ({ code }) => typeof code === "string")
  return new Map(examples.map((example) => [example.code, example]))
}
