import type { Member, Organization, Role } from "#shared/api/session.ts"
import { AppError } from "#shared/error.ts"
import { Id } from "#shared/id.ts"
import { type Cloud, newId } from "../cloud.ts"
import { key, partition } from "./key.ts"
import type { Item } from "./table.ts"

export * as Organizations from "./organization.ts"

const exists = { expression: "attribute_exists(pk)" }
const isNew = { expression: "attribute_not_exists(pk)" }

const toOrganization = (item: Item): Organization => ({
  organizationId: item.pk,
  name: String(item["name"]),
  createdAt: Number(item["createdAt"]),
  visibility: item["visibility"] === "by-namespace" ? "by-namespace" : "open",
})

const toMember = (item: Item): Member => ({
  userId: item.sk.slice("member#".length),
  name: String(item["name"]),
  email: String(item["email"]),
  role: item["role"] as Role,
  namespaces: (item["namespaces"] as string[] | undefined) ?? [],
  joinedAt: Number(item["joinedAt"]),
})

export type User = { userId: string; name: string; email: string }

/** The user of an address; made when it is the first time that this address is named. */
export async function userOf(cloud: Cloud, email: string, name: string): Promise<User> {
  const at = key.email(email.toLowerCase())
  const user: User = { userId: newId("usr"), name, email: email.toLowerCase() }
  if (await cloud.table.put({ ...at, ...user }, isNew)) return user
  const item = await cloud.table.get(at.pk, at.sk)
  if (!item) throw new AppError("unavailable", `user ${email} could not be read`)
  return { userId: String(item["userId"]), name: String(item["name"]), email: String(item["email"]) }
}

export async function create(cloud: Cloud, name: string, owner: User): Promise<Organization> {
  const organizationId = newId("org")
  const createdAt = cloud.now()
  const owners = { owners: [owner.userId], ownersVersion: 0 }
  await cloud.table.put({ ...key.organization(organizationId), name, createdAt, ...owners })
  await putMember(cloud, organizationId, { ...owner, role: "owner", namespaces: [], joinedAt: createdAt })
  return { organizationId, name, createdAt, visibility: "open" }
}

export async function read(cloud: Cloud, organizationId: string): Promise<Organization | undefined> {
  const { pk, sk } = key.organization(organizationId)
  const item = await cloud.table.get(pk, sk)
  return item && toOrganization(item)
}

/** @throws AppError organization.not_found */
export async function change(
  cloud: Cloud,
  organizationId: string,
  set: Partial<Pick<Organization, "name" | "visibility">>,
): Promise<Organization> {
  const item = await cloud.table.update(key.organization(organizationId), set, { condition: exists })
  if (!item) throw new AppError("organization.not_found", `no organization ${organizationId}`)
  return toOrganization(item)
}

const idsOfUser = async (cloud: Cloud, userId: string): Promise<string[]> =>
  (await cloud.table.all(partition.user(userId), { prefix: "membership#" })).map(({ sk }) =>
    sk.slice("membership#".length),
  )

/** The membership of a user in the wanted organization, or in the oldest of the user's. */
export async function membershipOf(
  cloud: Cloud,
  userId: string,
  wanted: string | undefined,
): Promise<{ organizationId: string; member: Member } | undefined> {
  const known = wanted === undefined || Id.organization.safeParse(wanted).success
  const ids = wanted === undefined ? await idsOfUser(cloud, userId) : known ? [wanted] : []
  for (const organizationId of ids.sort()) {
    const member = await readMember(cloud, organizationId, userId)
    if (member) return { organizationId, member }
  }
  return undefined
}

/** Organizations of a user with the role in each, oldest first. */
export async function ofUser(cloud: Cloud, userId: string): Promise<(Organization & { role: Role })[]> {
  const found = await Promise.all(
    (await idsOfUser(cloud, userId)).map(async (organizationId) => {
      const [organization, member] = await Promise.all([
        read(cloud, organizationId),
        readMember(cloud, organizationId, userId),
      ])
      return organization && member ? [{ ...organization, role: member.role }] : []
    }),
  )
  return found.flat().sort((a, b) => (a.organizationId < b.organizationId ? -1 : 1))
}

/** Membership counts only when the organization itself lists it: the user's own list is an index. */
async function putMember(cloud: Cloud, organizationId: string, member: Member): Promise<boolean> {
  const { userId, ...rest } = member
  await cloud.table.put(key.membership(userId, organizationId))
  return (await cloud.table.put({ ...key.member(organizationId, userId), ...rest }, isNew)) !== false
}

export async function readMember(
  cloud: Cloud,
  organizationId: string,
  userId: string,
): Promise<Member | undefined> {
  const { pk, sk } = key.member(organizationId, userId)
  const item = await cloud.table.get(pk, sk)
  return item && toMember(item)
}

export const members = async (cloud: Cloud, organizationId: string): Promise<Member[]> =>
  (await cloud.table.all(partition.organization(organizationId), { prefix: "member#" })).map(toMember)

export async function addMember(
  cloud: Cloud,
  organizationId: string,
  input: { email: string; name: string; role: Role; namespaces?: string[] },
): Promise<Member> {
  const user = await userOf(cloud, input.email, input.name)
  // The name is this organization's own word for the person: what others call the same address is not told.
  const { name, role, namespaces = [] } = input
  const member: Member = { ...user, name, role, namespaces, joinedAt: cloud.now() }
  if (!(await putMember(cloud, organizationId, member)))
    throw new AppError("member.exists", `${user.email} is a member already; change the role instead`)
  if (input.role === "owner") await addOwner(cloud, organizationId, user.userId)
  return member
}

/**
 * The organization's own list of its owners, changed under an optimistic lock: of two owners that step down at once one stays. Somebody
 * is an owner before being on the list, and off the list before being none, so that whoever dies between leaves one too many, not none.
 */
async function changeOwners(
  cloud: Cloud,
  organizationId: string,
  change: (owners: string[]) => string[],
): Promise<void> {
  const at = key.organization(organizationId)
  for (;;) {
    const item = await cloud.table.get(at.pk, at.sk)
    if (!item) throw new AppError("organization.not_found", `no organization ${organizationId}`)
    const version = Number(item["ownersVersion"])
    const owners = change(item["owners"] as string[])
    const condition = { expression: "ownersVersion = :version", values: { version } }
    if (await cloud.table.update(at, { owners, ownersVersion: version + 1 }, { condition })) return
  }
}

const addOwner = (cloud: Cloud, organizationId: string, userId: string): Promise<void> =>
  changeOwners(cloud, organizationId, (owners) => [...new Set([...owners, userId])])

const dropOwner = (cloud: Cloud, organizationId: string, member: Member): Promise<void> =>
  changeOwners(cloud, organizationId, (owners) => {
    const left = owners.filter((owner) => owner !== member.userId)
    if (left.length > 0) return left
    throw new AppError(
      "member.last_owner",
      `${member.email} is the last owner; make somebody else owner first`,
    )
  })

/** @throws AppError member.not_found */
export async function changeNamespaces(
  cloud: Cloud,
  organizationId: string,
  userId: string,
  namespaces: readonly string[],
): Promise<Member> {
  const set = { namespaces: [...namespaces] }
  const item = await cloud.table.update(key.member(organizationId, userId), set, { condition: exists })
  if (!item) throw memberNotFound(userId)
  return toMember(item)
}

export const memberNotFound = (userId: string): AppError =>
  new AppError("member.not_found", `no member ${userId} in this organization`)

export async function changeRole(
  cloud: Cloud,
  organizationId: string,
  userId: string,
  role: Role,
): Promise<Member> {
  const before = await readMember(cloud, organizationId, userId)
  if (!before) throw memberNotFound(userId)
  if (before.role === "owner" && role !== "owner") await dropOwner(cloud, organizationId, before)
  const item = await cloud.table.update(key.member(organizationId, userId), { role }, { condition: exists })
  if (!item) throw memberNotFound(userId)
  if (role === "owner") await addOwner(cloud, organizationId, userId)
  return toMember(item)
}

export async function removeMember(cloud: Cloud, organizationId: string, userId: string): Promise<void> {
  const member = await readMember(cloud, organizationId, userId)
  if (!member) throw memberNotFound(userId)
  if (member.role === "owner") await dropOwner(cloud, organizationId, member)
  const [own, index] = [key.member(organizationId, userId), key.membership(userId, organizationId)]
  await cloud.table.remove(own.pk, own.sk)
  await cloud.table.remove(index.pk, index.sk)
}
