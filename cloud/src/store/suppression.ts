import type { SuppressionRule } from "#shared/api/validation.ts"
import { AppError } from "#shared/error.ts"
import { type Cloud, newId, secondsOf } from "../cloud.ts"
import { key, partition } from "./key.ts"
import type { Item } from "./table.ts"

export * as Suppressions from "./suppression.ts"

/** Each is held against each finding. */
const most = 500

const toRule = (item: Item): SuppressionRule => ({
  suppressionId: item.sk.slice("suppression#".length),
  code: String(item["code"]),
  object: String(item["object"]),
  until: (item["until"] as number | null | undefined) ?? null,
  reason: String(item["reason"]),
  createdBy: String(item["createdBy"]),
  createdAt: Number(item["createdAt"]),
})

export const list = async (cloud: Cloud, organizationId: string): Promise<SuppressionRule[]> =>
  (await cloud.table.all(partition.organization(organizationId), { prefix: "suppression#" })).map(toRule)

/** @throws AppError suppression.too_many */
export async function create(
  cloud: Cloud,
  organizationId: string,
  input: Pick<SuppressionRule, "code" | "object" | "until" | "reason" | "createdBy">,
): Promise<SuppressionRule> {
  if ((await list(cloud, organizationId)).length >= most)
    throw new AppError("suppression.too_many", `there are ${most} suppressions already; remove some first`)
  const rule = { suppressionId: newId("sup"), createdAt: cloud.now(), ...input }
  const { suppressionId, ...rest } = rule
  await cloud.table.put({
    ...key.suppression(organizationId, suppressionId),
    ...rest,
    ...(rule.until === null ? {} : { ttl: secondsOf(rule.until) }),
  })
  return rule
}

/** @throws AppError suppression.not_found */
export async function remove(cloud: Cloud, organizationId: string, suppressionId: string): Promise<void> {
  const { pk, sk } = key.suppression(organizationId, suppressionId)
  const before = await cloud.table.remove(pk, sk)
  if (!before)
    throw new AppError("suppression.not_found", `no suppression ${suppressionId} in this organization`)
}
