import { z } from "zod"
import { randomUUID } from "node:crypto"
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Trust } from "../act/trust.ts"
import { type KubeApi, KubeError } from "../cluster/api.ts"

const Key = z.object({
  privateKey: z.string(),
  publicKey: z.string(),
  /** Empty until the cloud has registered it. */
  keyId: z.string(),
  createdAt: z.int(),
})

const Kept = z.object({
  version: z.literal(1),
  /** Empty before the join. */
  clusterId: z.string(),
  name: z.string(),
  server: z.string(),
  /** Hash of the join token: another token means that somebody wants another join. */
  joinedWith: z.string(),
  key: Key,
  next: Key.optional(),
  /** Absent of who joined before commands were signed: they only read. */
  organizationId: z.string().optional(),
  commandTrust: Trust.optional(),
})

/**
 * What the agent keeps: its key, who it is to the cloud, during a rotation the next key, and while another join is tried what it was before:
 * a token that turns out to be dead takes nothing away, whenever the agent is killed.
 */
export const Identity = Kept.extend({ previous: Kept.optional() })
export type Identity = z.infer<typeof Identity>

/** Where an identity is kept. */
export type IdentityStore = {
  load(signal: AbortSignal): Promise<Identity | undefined>
  save(identity: Identity, signal: AbortSignal): Promise<void>
  /** For messages: where to look. */
  place: string
}

/** @throws Error that says what to do with content that is not an identity */
function parse(text: string, place: string): Identity {
  try {
    return Identity.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${place} holds no identity of this version; remove it and join with a new token`, {
      cause,
    })
  }
}

/** A file of its own, readable by its owner only, replaced in one step. */
export function fileIdentity(folder: string): IdentityStore {
  const file = join(folder, "identity.json")
  return {
    place: file,
    async load() {
      const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined
        throw error
      })
      return text === undefined ? undefined : parse(text, file)
    },
    async save(identity) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const written = `${file}.${randomUUID()}`
      await writeFile(written, JSON.stringify(identity), { mode: 0o600 })
      await chmod(written, 0o600)
      await rename(written, file)
    },
  }
}

type Secret = { metadata: { name: string; resourceVersion?: string }; data?: Record<string, string> }

const secretName = "smm-agent-identity"
const field = "identity.json"

/** The one named Secret that the agent may get and update, which its manifest makes. */
export function secretIdentity(api: KubeApi, namespace: string): IdentityStore {
  const place = `Secret ${namespace}/${secretName}`
  const path = `/api/v1/namespaces/${namespace}/secrets/${secretName}`
  async function read(signal: AbortSignal): Promise<Secret> {
    try {
      return (await api.json({ path, signal })) as Secret
    } catch (error) {
      if (error instanceof KubeError && [403, 404].includes(error.status))
        throw new Error(`${place}: ${error.message}; apply the agent's manifest again`, { cause: error })
      throw error
    }
  }
  return {
    place,
    async load(signal) {
      const value = (await read(signal)).data?.[field]
      return value ? parse(Buffer.from(value, "base64").toString("utf8"), place) : undefined
    },
    async save(identity, signal) {
      const secret = await read(signal)
      const data = { ...secret.data, [field]: Buffer.from(JSON.stringify(identity)).toString("base64") }
      await api.json({ path, method: "PUT", body: { ...secret, data }, signal })
    },
  }
}
