import { z } from "zod"
import { KubeObject } from "../../kube/object-schema.ts"

/**
 * The state lane. After `welcome` the agent sends `hashes`: one sum per bucket (kind and namespace) of what it has; the cloud compares
 * with what it stored and answers `need` for the buckets that differ. Each needed bucket comes as `bucket` messages in order of name,
 * each covering the names in `(after, upTo]`: the cloud makes its range equal to the list. Live changes come as `delta`.
 */
const Seq = z.int().positive()
const Hash = z.int().nonnegative()

export const Hashes = z.object({
  type: z.literal("hashes"),
  seq: Seq,
  /** 0-based part and number of parts; buckets absent from all parts are empty. */
  part: z.int().nonnegative(),
  parts: z.int().positive(),
  /** [kind key, namespace, hash, count] */
  buckets: z.array(z.tuple([z.string(), z.string(), Hash, z.int().nonnegative()])),
  /** Kinds whose content is not known now (denied, absent before a first list, syncing): their stored buckets are kept as they are. */
  unknown: z.array(z.string()),
})
export type Hashes = z.infer<typeof Hashes>

export const Bucket = z.object({
  type: z.literal("bucket"),
  seq: Seq,
  kind: z.string(),
  namespace: z.string(),
  /** Names sort by UTF-16 code units. "" is the beginning. */
  after: z.string(),
  /** null is the end: this is the last part. */
  upTo: z.string().nullable(),
  objects: z.array(KubeObject),
})
export type Bucket = z.infer<typeof Bucket>

export const Delta = z.object({
  type: z.literal("delta"),
  seq: Seq,
  put: z.array(KubeObject),
  /** [kind key, namespace, name] */
  remove: z.array(z.tuple([z.string(), z.string(), z.string()])),
})
export type Delta = z.infer<typeof Delta>
