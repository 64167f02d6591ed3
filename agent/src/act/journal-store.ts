import { randomUUID } from "node:crypto"
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { record, stringMap, text } from "#shared/topology/fact/read.ts"
import { type KubeApi, KubeError } from "../cluster/api.ts"

/** Records by key, as texts, kept outside of the process. */
export type JournalStore = {
  /** For messages: where to look. */
  place: string
  /** All records as they are now. */
  load(signal: AbortSignal): Promise<Readonly<Record<string, string>>>
  /** Puts records (null: takes one away). `moved`: somebody else has written since the last load or save; nothing was done. */
  save(changes: Readonly<Record<string, string | null>>, signal: AbortSignal): Promise<"saved" | "moved">
}

const name = "smm-agent-journal"

/** The one named ConfigMap that the agent may get, update and patch, which its manifest makes. */
export function configMapJournal(api: KubeApi, namespace: string): JournalStore {
  const place = `ConfigMap ${namespace}/${name}`
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`
  let version = ""
  async function call(more: object, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    try {
      const answer = record(await api.json({ path, signal, ...more }))
      version = text(record(answer["metadata"])["resourceVersion"])
      return answer
    } catch (error) {
      if (error instanceof KubeError && [403, 404].includes(error.status))
        throw new Error(`${place}: ${error.message}; apply the agent's manifest again`, { cause: error })
      throw error
    }
  }
  return {
    place,
    load: async (signal) => stringMap((await call({}, signal))["data"]),
    async save(data, signal) {
      // Nothing is written blindly: what is there may be another agent's.
      if (version === "") return "moved"
      const body = { metadata: { resourceVersion: version }, data }
      try {
        await call({ method: "PATCH", content: "merge-patch", body }, signal)
        return "saved"
      } catch (error) {
        if (error instanceof KubeError && error.status === 409) return "moved"
        throw error
      }
    },
  }
}

/** A file of its own, for an agent without a namespace; replaced in one step. */
export function fileJournal(folder: string): JournalStore {
  const file = join(folder, "journal.json")
  let known = ""
  async function read(): Promise<string> {
    return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "{}"
      throw error
    })
  }
  return {
    place: file,
    async load() {
      known = await read()
      return stringMap(JSON.parse(known))
    },
    async save(changes) {
      if ((await read()) !== known) return "moved"
      const records: Record<string, string | null> = { ...stringMap(JSON.parse(known)), ...changes }
      for (const [key, value] of Object.entries(records))
        if (value === null) Reflect.deleteProperty(records, key)
      const next = JSON.stringify(records)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const written = `${file}.${randomUUID()}`
      await writeFile(written, next, { mode: 0o600 })
      await rename(written, file)
      known = next
      return "saved"
    },
  }
}
