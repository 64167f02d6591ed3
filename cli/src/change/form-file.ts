import { parse } from "yaml"
import { isRecord } from "#shared/topology/fact/read.ts"
import { UsageError } from "../exit.ts"
import type { Io } from "../io.ts"
import { textOf } from "../validate/files.ts"

/** YAML or JSON of a file, or of standard input (`-`). @throws UsageError */
export async function documentOf(io: Io, file: string): Promise<unknown> {
  const text = file === "-" ? await io.readInput() : textOf(file)
  if (text.trim() === "") throw new UsageError(`${file === "-" ? "standard input" : file} is empty`)
  try {
    return parse(text) as unknown
  } catch (error) {
    const [why] = error instanceof Error ? error.message.split("\n") : []
    throw new UsageError(`${file} is neither YAML nor JSON: ${why ?? ""}`, { cause: error })
  }
}

/** A form as a file holds it: by itself, or in what `get -o yaml` prints. @throws UsageError */
export async function formOf(io: Io, file: string, control: string): Promise<Record<string, unknown>> {
  const document = await documentOf(io, file)
  const form = isRecord(document) && "form" in document ? document["form"] : document
  if (isRecord(document) && "form" in document && document["control"] !== control)
    throw new UsageError(`${file} is of ${String(document["control"])}, not of ${control}`)
  if (!isRecord(form))
    throw new UsageError(
      `${file} holds no form of ${control}; smm ${control} get NAMESPACE/SERVICE -o yaml prints one`,
    )
  return form
}
