import { randomBytes } from "node:crypto"
import { type Command, type CommandPayload, commandText } from "#shared/protocol/command.ts"
import { sign } from "#agent/link/key.ts"

export const standing = {
  organizationId: "org_01ARZ3NDEKTSV4RRFFQ69G5FAV",
  clusterId: "cls_01ARZ3NDEKTSV4RRFFQ69G5FAV",
}

/** A good payload: of now, for a minute. */
export const payloadOf = (now: number, more: Partial<CommandPayload> = {}): CommandPayload => ({
  id: "cmd_01ARZ3NDEKTSV4RRFFQ69G5FAV",
  nonce: "AAAAAAAAAAAAAAAAAAAAAA",
  ...standing,
  caller: { kind: "user", id: "usr_1", name: "ann@shop.example", role: "operator" },
  issuedAt: now,
  expiresAt: now + 60_000,
  assertion: null,
  action: { type: "access", namespace: "bookinfo" },
  ...more,
})

let count = 0
/** A payload with an id and nonce of its own. */
export const freshPayload = (now: number, action: CommandPayload["action"]): CommandPayload =>
  payloadOf(now, {
    id: `cmd_01ARZ3NDEKTSV4RRFF${String((count += 1)).padStart(8, "0")}`,
    nonce: randomBytes(16).toString("base64url"),
    action,
  })

/** As the cloud signs it. */
export const commandOf = (payload: CommandPayload, key: { keyId: string; privateKey: string }): Command => {
  const text = JSON.stringify(payload)
  return {
    type: "command",
    keyId: key.keyId,
    payload: text,
    signature: sign(key.privateKey, commandText(text)),
  }
}
