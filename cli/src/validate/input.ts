import type { Problem, SourceObject } from "#shared/document/read.ts"
import { type ObjectRef, refOf } from "#shared/kube/object.ts"
import { meshConfigKind, meshNetworksKind } from "#shared/validation/check.ts"
import { record } from "#shared/topology/fact/read.ts"
import type { Io } from "../io.ts"
import { textOf } from "./files.ts"
import { type MeshDocument, type MeshKind, meshDocumentAmong, meshDocumentOf } from "./mesh-config.ts"
import type { ValidateOptions } from "./options.ts"
import { readFiles } from "./read-files.ts"
import { objectName } from "./result.ts"
import type { Skipped } from "./skip.ts"

/** The objects of one cluster, with their places; the last one of a name counts. */
export type ClusterInput = { name: string; objects: SourceObject[] }

export type Input = {
  clusters: ClusterInput[]
  problems: Problem[]
  /** Files of other tools. */
  skipped: Skipped[]
  files: number
}

/** The key of an object among those of its cluster. */
export const refKey = ({ kind, namespace, name }: ObjectRef): string => `${kind}\n${namespace}\n${name}`

/** Later files win, as with `kubectl apply`; each object that is there twice is told. */
function withoutDoubles(objects: readonly SourceObject[], problems: Problem[]): SourceObject[] {
  const byKey = new Map<string, SourceObject>()
  for (const source of objects) {
    const key = refKey(refOf(source.object))
    const before = byKey.get(key)
    if (before) {
      const { kind } = source.object
      const place = before.place("")
      problems.push({
        file: before.file,
        line: place.line,
        column: place.column,
        level: "warning",
        message: `${kind} ${objectName(refOf(source.object))} is also in ${source.file}:${source.place("").line}, which counts`,
        remedy: "Keep one of the two, or validate one overlay at a time",
      })
      byKey.delete(key)
    }
    byKey.set(key, source)
  }
  return [...byKey.values()]
}

const announceMs = 500

/** Tells a person at a terminal, from time to time, how far the reading is. */
function progressOf(io: Io): { file: () => void; done: () => void } {
  const start = io.now()
  let files = 0
  let told = 0
  return {
    file() {
      files++
      if (io.terminal?.err !== true || files % 100 !== 0) return
      const now = io.now()
      if (now - start < announceMs || now - told < announceMs) return
      told = now
      io.err(`\rReading ${files} files ...`)
    },
    done() {
      if (told > 0) io.err("\r\u001b[K")
    },
  }
}

/** An explicit option wins over what MeshConfig says of the same. */
function withRoot(source: SourceObject, rootNamespace: string | undefined): SourceObject {
  if (rootNamespace === undefined) return source
  return {
    ...source,
    object: { ...source.object, spec: { ...record(source.object["spec"]), rootNamespace } },
  }
}

function meshDocuments(
  objects: readonly SourceObject[],
  options: ValidateOptions,
  problems: Problem[],
): SourceObject[] {
  const documents: SourceObject[] = []
  const files: [MeshKind, string | undefined][] = [
    [meshConfigKind, options.meshConfig],
    [meshNetworksKind, options.meshNetworks],
  ]
  for (const [kind, path] of files) {
    const found: MeshDocument | undefined =
      path === undefined
        ? meshDocumentAmong(objects, kind, options.istioNamespace)
        : meshDocumentOf({ name: path, text: textOf(path) }, kind, options.istioNamespace)
    if (!found) continue
    problems.push(...found.problems)
    documents.push(kind === meshConfigKind ? withRoot(found.source, options.rootNamespace) : found.source)
  }
  return documents
}

/** Reads all files that the options name. @throws UsageError for a file that is not there */
export async function readInput(io: Io, options: ValidateOptions): Promise<Input> {
  const progress = progressOf(io)
  const problems: Problem[] = []
  const clusters: ClusterInput[] = []
  const skipped: Skipped[] = []
  let files = 0
  const named: [string, string[]][] = [...options.clusters]
  if (options.files.length > 0) named.unshift(["", options.files])
  for (const [name, paths] of named) {
    const read = await readFiles(paths, io.readInput, progress.file)
    files += read.files
    for (const each of read.problems) problems.push(each)
    for (const each of read.skipped) skipped.push(each)
    const kept = withoutDoubles(read.objects, problems)
    kept.push(...meshDocuments(kept, options, problems))
    clusters.push({ name, objects: kept })
  }
  progress.done()
  return { clusters, problems, skipped, files }
}
