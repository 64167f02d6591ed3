import { type Place, readDocuments } from "#shared/document/read.ts"
import { yamlText } from "#shared/document/write.ts"
import type { KubeObject } from "#shared/kube/object.ts"

export const yamlOf = (object: unknown): string => yamlText(object)

/** What the API server writes into an object, and nobody puts into a file. */
const written = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"]

/** The object as a person would write it. */
export function manifestOf(object: KubeObject): KubeObject {
  const { status: _status, ...rest } = object
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([name]) => !written.includes(name)),
  )
  return { ...rest, metadata } as KubeObject
}

/** The text of an object, and where a path of it stands in it. */
export type ObjectText = { text: string; place: (path: string) => Pick<Place, "start" | "end"> }

const nowhere = { start: 0, end: 0 }

export function objectText(object: KubeObject): ObjectText {
  const text = yamlOf(object)
  const [source] = readDocuments(text, "").objects
  return {
    text,
    // What is said of the whole object stands at its name.
    place: (path) => source?.place(path === "" ? "metadata.name" : path) ?? nowhere,
  }
}
