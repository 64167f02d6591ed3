import { known } from "../reconcile/label.ts"

/** Bytes as they came, and the same as words. */
export type Chunk = { bytes: Buffer; words: DataView }

export const chunkOf = (bytes: Buffer): Chunk => ({
  bytes,
  words: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
})

/** A hash of 64 bits: two lanes of multiply and xor-shift. */
export type Hash = { low: number; high: number }

/**
 * Writes the hash of a part of the chunk, by words of four bytes. A proxy has thousands of series, and their texts would be most of our
 * memory: at 64 bits two of a million different ones are taken for one with a chance of 1 in 30 million.
 */
export function hashInto(hash: Hash, { bytes, words }: Chunk, from: number, to: number): void {
  let a = 0x9e3779b9
  let b = 0x85ebca6b
  let at = from
  for (; at + 4 <= to; at += 4) {
    const word = words.getInt32(at, true)
    a = Math.imul(a ^ word, 0xcc9e2d51)
    a ^= a >>> 15
    b = Math.imul(b ^ word, 0x2c1b3c6d)
    b ^= b >>> 13
  }
  let rest = to - from
  for (; at < to; at++) rest = (rest << 8) | (bytes[at] ?? 0)
  hash.low = a
  hash.high = b
  mixInto(hash, rest)
}

/** Writes the hash of what was hashed and one number more. */
export function mixInto(hash: Hash, more: number): void {
  let a = Math.imul(hash.low ^ more, 0x85ebca6b)
  let b = Math.imul(hash.high ^ (hash.high >>> 16) ^ more, 0xc2b2ae35)
  a = Math.imul(a ^ (a >>> 13) ^ b, 0x297a2d39)
  b = Math.imul(b ^ (b >>> 13) ^ a, 0x9e3779b1)
  hash.low = a ^ (a >>> 16)
  hash.high = b ^ (b >>> 15)
}

const quote = 0x22
const comma = 0x2c
const equals = 0x3d
const letterL = 0x6c
const letterE = 0x65

/** Where the labels before the bound of a bucket end: Envoy writes the bound last (`...,le="5"`). -1 where it does not stand there. */
export function boundAt(bytes: Buffer, from: number, to: number): number {
  if (bytes[to - 1] !== quote) return -1
  let open = to - 2
  while (open > from && bytes[open] !== quote) open--
  const name = open - 3
  if (name < from || bytes[name] !== letterL || bytes[name + 1] !== letterE || bytes[name + 2] !== equals)
    return -1
  if (name === from) return from
  return bytes[name - 1] === comma ? name - 1 : -1
}

const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g

/** The labels that name the ends of a relation. */
export const endLabels = [
  "reporter",
  "app",
  "source_workload",
  "source_workload_namespace",
  "source_app",
  "source_version",
  "source_cluster",
  "destination_workload",
  "destination_workload_namespace",
  "destination_app",
  "destination_version",
  "destination_cluster",
  "destination_service_name",
  "destination_service_namespace",
  "destination_service",
  "request_protocol",
] as const

/** Those that tell what became of the traffic between them. */
export const outcomeLabels = [
  "connection_security_policy",
  "request_protocol",
  "response_code",
  "response_flags",
  "grpc_response_status",
] as const

const wanted = new Set<string>([...endLabels, ...outcomeLabels, "le"])

export type Labels = Record<string, string>

/** The labels of a block that telemetry uses, unescaped. */
export function labelsOf(text: string): Labels {
  const labels: Labels = {}
  for (const [, name = "", value = ""] of text.matchAll(label)) {
    if (!wanted.has(name)) continue
    labels[name] = value.includes("\\")
      ? value.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c))
      : value
  }
  // it follows from the service, and has the namespace where its own label does not
  if (known(labels["destination_service_namespace"]) !== "") delete labels["destination_service"]
  return labels
}
