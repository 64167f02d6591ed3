import { basename } from "node:path"
import { type Problem, type SourceObject, readDocuments } from "#shared/document/read.ts"
import { UsageError } from "../exit.ts"
import { type Source, sourcesOf } from "./files.ts"
import { type Skipped, isChart, partsOf, skipOf } from "./skip.ts"

/** What files hold, in their order. */
export type FilesRead = {
  objects: SourceObject[]
  problems: Problem[]
  skipped: Skipped[]
  /** Those that were not left out. */
  files: number
}

/** Only those can be of another tool: asking the others would read them twice. */
const needsLook = (source: Source, read: { problems: readonly Problem[] }): boolean =>
  isChart(source.name) || /^kustomization\.ya?ml$/i.test(basename(source.name)) || read.problems.length > 0

/**
 * The one reader of what `-f` names: files, folders with all below them, standard input (`-`). Files of other tools are left out.
 * @throws UsageError for what is not there, and for an empty standard input
 */
export async function readFiles(
  paths: readonly string[],
  input: () => Promise<string>,
  told: () => void = () => undefined,
): Promise<FilesRead> {
  const result: FilesRead = { objects: [], problems: [], skipped: [], files: 0 }
  const seen = new Set<string>()
  const sources: Source[] = []
  for (const path of paths) {
    const found = await sourcesOf(path, input, told)
    result.problems.push(...found.problems)
    for (const source of found.sources)
      if (!seen.has(source.name)) {
        seen.add(source.name)
        sources.push(source)
      }
    if (path === "-" && found.sources.every(({ text }) => text.trim() === ""))
      throw new UsageError("standard input is empty; did the command before smm fail?")
  }
  const parts = new Set(
    sources
      .filter(({ name }) => /^kustomization(?:\.ya?ml)?$/i.test(basename(name)))
      .flatMap((source) => partsOf(source)),
  )
  for (const source of sources) {
    if (source.isFound && parts.has(source.name)) {
      result.skipped.push({ file: source.name, why: "patch" })
      continue
    }
    const read = readDocuments(source.text, source.name)
    const why = needsLook(source, read) ? skipOf(source) : undefined
    if (why !== undefined) result.skipped.push({ file: source.name, why })
    else {
      result.files++
      for (const each of read.objects) result.objects.push(each)
      for (const each of read.problems) result.problems.push(each)
    }
  }
  return result
}
