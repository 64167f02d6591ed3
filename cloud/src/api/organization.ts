import type { Organization } from "#shared/api/session.ts"
import { AppError } from "#shared/error.ts"
import { type Actor, demandAllClusters } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { Organizations } from "../store/organization.ts"
import type { Call } from "./call.ts"

export async function getOrganization(cloud: Cloud, actor: Actor): Promise<Organization> {
  const organization = await Organizations.read(cloud, actor.organizationId)
  if (!organization)
    throw new AppError("organization.not_found", `organization ${actor.organizationId} was removed`)
  return organization
}

export async function updateOrganization(
  cloud: Cloud,
  actor: Actor,
  { body }: Call<"updateOrganization">,
): Promise<Organization> {
  demandAllClusters(actor)
  const { name, visibility } = body
  return Organizations.change(cloud, actor.organizationId, {
    ...(name === undefined ? {} : { name }),
    ...(visibility === undefined ? {} : { visibility }),
  })
}

export async function createOrganization(
  cloud: Cloud,
  actor: Actor,
  { body }: Call<"createOrganization">,
): Promise<Organization> {
  if (!actor.user) throw new AppError("auth.denied", "an organization is made by a person")
  return Organizations.create(cloud, body.name, actor.user)
}
