import type { ApiToken } from "#shared/api/session.ts"
import type { Answer } from "#shared/api/client.ts"
import { AppError } from "#shared/error.ts"
import { type Actor, clusterFor, demand, maySee } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { Tokens } from "../store/token.ts"
import type { Call } from "./call.ts"

/** Who is limited to clusters sees only tokens that are limited to some of these. */
const seen = (actor: Actor, token: ApiToken): boolean =>
  actor.clusters === null || (token.clusters?.every((cluster) => maySee(actor, cluster)) ?? false)

export const listTokens = async (cloud: Cloud, actor: Actor): Promise<{ items: ApiToken[] }> => ({
  items: (await Tokens.list(cloud, actor.organizationId)).filter((token) => seen(actor, token)),
})

export async function createToken(
  cloud: Cloud,
  actor: Actor,
  { body }: Call<"createToken">,
): Promise<Answer<"createToken">> {
  demand(actor, body.role)
  if (actor.clusters !== null && body.clusters === null)
    throw new AppError(
      "auth.denied",
      `${actor.name} is limited to ${actor.clusters.length} clusters; name some of them in "clusters"`,
    )
  await Promise.all((body.clusters ?? []).map((cluster) => clusterFor(cloud, actor, cluster)))
  return Tokens.create(cloud, actor.organizationId, { ...body, createdBy: actor.name })
}

export async function removeToken(
  cloud: Cloud,
  actor: Actor,
  { params }: Call<"removeToken">,
): Promise<undefined> {
  const token = await Tokens.read(cloud, actor.organizationId, params.token)
  if (!token || !seen(actor, token)) throw Tokens.notFound(params.token)
  demand(actor, token.role)
  await Tokens.remove(cloud, actor.organizationId, params.token)
}
