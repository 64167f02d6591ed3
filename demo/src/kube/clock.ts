/** Time and chance of one API, given by its owner. */
export type Clock = {
  /** Milliseconds since 1970. */
  now(): number
  /** 0 <= n < 1 */
  random(): number
  /** UID of the namespace kube-system, which is the cluster's identity; absent: a new cluster each time. */
  clusterUid?: string
}

/** RFC 3339 with seconds, as in `creationTimestamp`. */
export const timestamp = (clock: Clock): string =>
  new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, "Z")

const hex = (clock: Clock, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(clock.random() * 16).toString(16)).join("")

export const newUid = (clock: Clock): string =>
  `${hex(clock, 8)}-${hex(clock, 4)}-4${hex(clock, 3)}-${"89ab"[Math.floor(clock.random() * 4)]}${hex(clock, 3)}-${hex(clock, 12)}`

/** The UID of a new object: the cluster's own identity where it was given, otherwise by chance. */
export const uidOf = (clock: Clock, kind: string, name: string): string =>
  kind === "Namespace" && name === "kube-system" && clock.clusterUid !== undefined
    ? clock.clusterUid
    : newUid(clock)

const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789"

/** Five characters, as generateName appends them. */
export const nameSuffix = (clock: Clock): string =>
  Array.from({ length: 5 }, () => suffixAlphabet[Math.floor(clock.random() * suffixAlphabet.length)]).join("")
