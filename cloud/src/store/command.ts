import { randomBytes } from "node:crypto"
import { encodeTime } from "ulid"
import {
  type Caller,
  type Command,
  type CommandAction,
  type CommandOutcome,
  type CommandPayload,
  commandLifeMs,
} from "#shared/protocol/command.ts"
import { type Cloud, newTimedId, secondsOf } from "../cloud.ts"
import { key, partition } from "./key.ts"
import { Links } from "./link.ts"
import type { Owner } from "./owner.ts"
import { packed, unpacked } from "./packed.ts"
import type { Item } from "./table.ts"

export * as Commands from "./command.ts"

/** What an agent was asked to do, as it was signed; kept before it is sent. */
export type Stored = {
  commandId: string
  command: Command
  type: CommandAction["type"]
  changeId: string | null
  expiresAt: number
  answeredAt: number | null
}

export type Asked = {
  caller: Caller
  assertion: string | null
  action: CommandAction
  expiresAt: number
}

/** For a while after it expired, so that what an agent says of it later has its place. */
const keptMs = 7 * 24 * 60 * 60_000

const toStored = (item: Item): Stored => {
  const { command, type, changeId } = unpacked<Pick<Stored, "command" | "type" | "changeId">>(item)
  return {
    commandId: item.sk.slice("command#".length),
    command,
    type,
    changeId,
    expiresAt: Number(item["expiresAt"]),
    answeredAt: (item["answeredAt"] as number | undefined) ?? null,
  }
}

/** Signs and keeps a command; nothing is sent. @throws AppError input.too_large */
export async function create(cloud: Cloud, owner: Owner, asked: Asked): Promise<Stored> {
  const commandId = newTimedId(cloud, "cmd")
  const { caller, assertion, action, expiresAt } = asked
  const payload: CommandPayload = {
    id: commandId,
    nonce: randomBytes(16).toString("base64url"),
    ...owner,
    caller,
    issuedAt: cloud.now(),
    expiresAt,
    assertion,
    action,
  }
  const command = cloud.signer.sign(JSON.stringify(payload))
  const { organizationId, clusterId } = owner
  const changeId = "changeId" in action ? action.changeId : null
  const { type } = action
  if (expiresAt > cloud.now() + commandLifeMs)
    await cloud.table.put({ ...key.queued(organizationId, clusterId, commandId), ttl: secondsOf(expiresAt) })
  await cloud.table.put({
    ...key.command(organizationId, clusterId, commandId),
    ...packed({ command, type, changeId }, "a change of so many and large objects"),
    expiresAt,
    ttl: secondsOf(expiresAt + keptMs),
  })
  await Links.expectAnswer(cloud, owner, expiresAt)
  return { commandId, command, type, changeId, expiresAt, answeredAt: null }
}

/** Of this cluster only: another one's is not found. */
export async function read(cloud: Cloud, owner: Owner, commandId: string): Promise<Stored | undefined> {
  const { pk, sk } = key.command(owner.organizationId, owner.clusterId, commandId)
  const item = await cloud.table.get(pk, sk)
  return item && toStored(item)
}

/** Keeps the answer, the first time. `outcome`: where nothing else keeps it. */
export async function answer(
  cloud: Cloud,
  owner: Owner,
  commandId: string,
  outcome: CommandOutcome | null,
): Promise<void> {
  const at = key.command(owner.organizationId, owner.clusterId, commandId)
  if (outcome)
    await cloud.table.put(
      {
        ...at,
        sk: `answer#${commandId}`,
        ...packed(outcome, `the answer to ${commandId}`),
        ttl: secondsOf(cloud.now() + keptMs),
      },
      { expression: "attribute_not_exists(pk)" },
    )
  const condition = { expression: "attribute_exists(pk) AND attribute_not_exists(answeredAt)" }
  await cloud.table.update(at, { answeredAt: cloud.now() }, { condition })
  const queued = key.queued(owner.organizationId, owner.clusterId, commandId)
  await cloud.table.remove(queued.pk, queued.sk)
}

export async function outcomeOf(
  cloud: Cloud,
  owner: Owner,
  commandId: string,
): Promise<CommandOutcome | undefined> {
  const item = await cloud.table.get(
    partition.cluster(owner.organizationId, owner.clusterId),
    `answer#${commandId}`,
  )
  return item && unpacked<CommandOutcome>(item)
}

/** What the agent has not answered and may still carry out, oldest first. */
export async function open(cloud: Cloud, owner: Owner): Promise<Stored[]> {
  const own = partition.cluster(owner.organizationId, owner.clusterId)
  const recent = key.command(
    owner.organizationId,
    owner.clusterId,
    `cmd_${encodeTime(Math.max(0, cloud.now() - commandLifeMs), 10)}`,
  )
  const [items, queued] = await Promise.all([
    cloud.table.all(own, { from: recent.sk, to: "command#~" }),
    cloud.table.all(own, { prefix: "queued#" }),
  ])
  const found = new Map(items.map((item) => [item.sk, toStored(item)]))
  for (const { sk } of queued) {
    const commandId = sk.slice("queued#".length)
    if (found.has(`command#${commandId}`)) continue
    const stored = await read(cloud, owner, commandId)
    if (stored) found.set(`command#${commandId}`, stored)
  }
  return [...found.values()]
    .filter(({ answeredAt, expiresAt }) => answeredAt === null && expiresAt > cloud.now())
    .sort((a, b) => (a.commandId < b.commandId ? -1 : 1))
}
