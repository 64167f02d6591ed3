import type { Member } from "#shared/api/session.ts"
import { type Actor, demand, demandAllClusters } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { Organizations } from "../store/organization.ts"
import type { Call } from "./call.ts"

export const listMembers = async (cloud: Cloud, actor: Actor): Promise<{ items: Member[] }> => ({
  items: await Organizations.members(cloud, actor.organizationId),
})

/** Nobody gives a role beyond the own one. */
export async function createMember(
  cloud: Cloud,
  actor: Actor,
  { body }: Call<"createMember">,
): Promise<Member> {
  demandAllClusters(actor)
  demand(actor, body.role)
  return Organizations.addMember(cloud, actor.organizationId, body)
}

/** The member, when the actor's role is not below the member's: an admin neither demotes nor removes an owner. */
async function subordinate(cloud: Cloud, actor: Actor, userId: string): Promise<Member> {
  const member = await Organizations.readMember(cloud, actor.organizationId, userId)
  if (!member) throw Organizations.memberNotFound(userId)
  demandAllClusters(actor)
  demand(actor, member.role)
  return member
}

export async function updateMember(
  cloud: Cloud,
  actor: Actor,
  { params, body }: Call<"updateMember">,
): Promise<Member> {
  const { role, namespaces } = body
  let member = await subordinate(cloud, actor, params.user)
  if (role !== undefined) demand(actor, role)
  if (namespaces !== undefined)
    member = await Organizations.changeNamespaces(cloud, actor.organizationId, params.user, namespaces)
  return role === undefined
    ? member
    : Organizations.changeRole(cloud, actor.organizationId, params.user, role)
}

export async function removeMember(
  cloud: Cloud,
  actor: Actor,
  { params }: Call<"removeMember">,
): Promise<undefined> {
  await subordinate(cloud, actor, params.user)
  await Organizations.removeMember(cloud, actor.organizationId, params.user)
}
