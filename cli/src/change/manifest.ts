import type { SourceObject } from "#shared/document/read.ts"
import { kindOf } from "#shared/kube/kinds.ts"
import { type KubeObject, kindKeyOf, refOf } from "#shared/kube/object.ts"
import { UsageError } from "../exit.ts"
import type { Io } from "../io.ts"
import { objectName } from "../validate/result.ts"
import { readFiles } from "../validate/read-files.ts"
import { tellReading } from "../validate/tell.ts"

/** What one change takes at most. Source: Intent. */
const most = 100

/** The namespace of an object that stands in one: its own, or that of -n where it says none. @throws UsageError */
function namespaceOf({ object, file }: SourceObject, said: string | undefined): string {
  const { namespace: own = "", name } = object.metadata
  const namespace = own === "" ? said : own
  if (namespace === undefined)
    throw new UsageError(
      `${file}: ${object.kind} ${name} has no namespace; write metadata.namespace, or add -n NAMESPACE`,
    )
  if (said !== undefined && said !== namespace)
    throw new UsageError(`${file}: ${object.kind} ${own}/${name} is in "${own}", and -n says "${said}"`)
  return namespace
}

/** With the namespace that it stands in. @throws UsageError */
function placed(source: SourceObject, said: string | undefined): KubeObject {
  const { object } = source
  if (kindOf(kindKeyOf(object))?.namespaced === false) return object
  return { ...object, metadata: { ...object.metadata, namespace: namespaceOf(source, said) } }
}

/** Each object may stand once: of two, nobody knows which is meant. @throws UsageError */
function demandOnce(sources: readonly SourceObject[], objects: readonly KubeObject[]): void {
  const seen = new Map<string, SourceObject>()
  for (const [i, object] of objects.entries()) {
    const key = JSON.stringify(refOf(object))
    const before = seen.get(key)
    const source = sources[i]
    if (before && source)
      throw new UsageError(
        `${object.kind} ${objectName(refOf(object))} stands in ${before.file}:${before.place("").line} and in ${source.file}:${source.place("").line}; keep one of the two`,
      )
    if (source) seen.set(key, source)
  }
}

/** All objects of what `-f` names; nothing is taken of files that cannot be read whole. @throws UsageError */
export async function manifestOf(
  io: Io,
  files: readonly string[],
  namespace: string | undefined,
): Promise<KubeObject[]> {
  if (files.length === 0) throw new UsageError("name the objects' files: -f FILE, -f FOLDER or -f -")
  const { objects: sources, problems, skipped } = await readFiles(files, io.readInput)
  tellReading(io, problems, skipped)
  if (problems.some(({ level }) => level === "error"))
    throw new UsageError("a part of the files cannot be read; nothing was changed")
  if (sources.length === 0) throw new UsageError("there is no Kubernetes object among the files")
  if (sources.length > most)
    throw new UsageError(`the files hold ${sources.length} objects; one change takes ${most}, so split them`)
  const objects = sources.map((source) => placed(source, namespace))
  demandOnce(sources, objects)
  return objects
}
