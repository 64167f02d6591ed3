import { z } from "zod"
import { Id, Instant } from "../id.ts"

/** HTTPS steps before a websocket: join once, then challenge -> ticket before each connect. All under `<server>/link/`. */

const base64url = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((bytes * 4) / 3)}}$`), `wants ${bytes} bytes as base64url`)

/** `smj_` and 43 random base64url characters. The alphabet is safe in a shell, a URL and a YAML string. */
export const JoinToken = z
  .string()
  .regex(/^smj_[A-Za-z0-9_-]{43}$/, "wants smj_ and 43 letters, digits, - or _")

/** `POST /link/join`: spends the token, registers the agent's public key. */
export const JoinRequest = z.object({
  token: JoinToken,
  /** Raw Ed25519 public key. */
  publicKey: base64url(32),
  /** UID of the namespace kube-system: the cluster's identity. */
  clusterUid: z.uuid(),
  agentVersion: z.string().max(64),
  kubernetesVersion: z.string().max(64),
})
export type JoinRequest = z.infer<typeof JoinRequest>
/** `commandKey` is pinned: only commands signed with it, or with a key that it vouches for, are carried out. */
export const JoinAnswer = z.object({
  clusterId: Id.cluster,
  organizationId: Id.organization.optional(),
  keyId: Id.key,
  name: z.string(),
  commandKey: z.object({ keyId: z.string().max(64), publicKey: base64url(32) }).optional(),
})
export type JoinAnswer = z.infer<typeof JoinAnswer>

/** `POST /link/challenge`. */
export const ChallengeRequest = z.object({ clusterId: Id.cluster, keyId: Id.key })
export const ChallengeAnswer = z.object({ nonce: base64url(32), expiresAt: Instant })
export type ChallengeAnswer = z.infer<typeof ChallengeAnswer>

/** `POST /link/ticket`: `signature` is Ed25519 over `ticketText`. */
export const TicketRequest = z.object({
  clusterId: Id.cluster,
  keyId: Id.key,
  nonce: base64url(32),
  signature: base64url(64),
  /** A random id of this process. */
  instance: z.string().min(8).max(64),
  /** `spec.leaseTransitions` of the agent's Lease; 0 where it may not hold one. The cloud refuses an epoch below the highest seen. */
  epoch: z.int().nonnegative(),
})
export type TicketRequest = z.infer<typeof TicketRequest>
/** `url` is the websocket's address with the ticket in it; good for one connect within 60 s. */
export const TicketAnswer = z.object({ url: z.string(), expiresAt: Instant })
export type TicketAnswer = z.infer<typeof TicketAnswer>

/** `POST /link/keys`: a second key, signed for with the current one over `keyText`; both work until the old one is retired by the first connect with the new. */
export const KeyRequest = z.object({
  clusterId: Id.cluster,
  keyId: Id.key,
  nonce: base64url(32),
  signature: base64url(64),
  publicKey: base64url(32),
})
export type KeyRequest = z.infer<typeof KeyRequest>
export const KeyAnswer = z.object({ keyId: Id.key })
export type KeyAnswer = z.infer<typeof KeyAnswer>

export const ticketText = (request: Omit<TicketRequest, "signature">): string =>
  [
    "smm-link-ticket-v1",
    request.clusterId,
    request.keyId,
    request.nonce,
    request.instance,
    String(request.epoch),
  ].join("\n")

export const keyText = (request: Omit<KeyRequest, "signature">): string =>
  ["smm-link-key-v1", request.clusterId, request.keyId, request.nonce, request.publicKey].join("\n")
