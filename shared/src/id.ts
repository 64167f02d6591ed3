import { z } from "zod"

const prefixed = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`), `wants ${prefix}_ and a ULID`)

/** Ids of our own entities: a prefix that names the kind, and a ULID. */
export const Id = {
  organization: prefixed("org"),
  user: prefixed("usr"),
  cluster: prefixed("cls"),
  token: prefixed("tok"),
  key: prefixed("key"),
  suppression: prefixed("sup"),
  change: prefixed("chg"),
  command: prefixed("cmd"),
}

/** A name a person gives to a cluster or an organization's token: as a DNS label, so that it is safe in URLs, labels and shells. */
export const Name = z
  .string()
  .min(1)
  .max(63)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    "wants lower case letters, digits and -, starting and ending with a letter or digit",
  )

/** A moment: milliseconds since 1970 UTC. */
export const Instant = z.int().nonnegative()
