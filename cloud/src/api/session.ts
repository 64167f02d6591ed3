import type { Answer } from "#shared/api/client.ts"
import type { Session } from "#shared/api/session.ts"
import { limits } from "#shared/protocol/limits.ts"
import { type Actor, sessionOf } from "../auth/actor.ts"
import { type Cloud, newSecret } from "../cloud.ts"
import { Secret } from "../store/secret.ts"

export const session = (cloud: Cloud, actor: Actor): Promise<Session> => sessionOf(cloud, actor)

/** The ticket carries no right of its own: the socket asks again for those of the credential behind it. */
export async function createSocketTicket(cloud: Cloud, actor: Actor): Promise<Answer<"createSocketTicket">> {
  const ticket = newSecret("smt_")
  const expiresAt = cloud.now() + limits.ticketMs
  const { organizationId, credential } = actor
  await Secret.create(cloud, ticket, { type: "console", organizationId, credential }, expiresAt)
  return { url: `${cloud.socketUrl}/socket?ticket=${ticket}`, expiresAt }
}
