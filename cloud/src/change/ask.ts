import {
  type Caller,
  type CommandAction,
  type CommandOutcome,
  commandLifeMs,
} from "#shared/protocol/command.ts"
import type { Actor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { Commands } from "../store/command.ts"
import type { Owner } from "../store/inventory.ts"
import { send } from "./deliver.ts"
import { readUntil } from "./wait.ts"

/** A question waits for as long; the agent itself has less for the API server. */
const questionMs = 10_000

export function callerOf({ user, token, role }: Pick<Actor, "user" | "token" | "role">): Caller {
  if (user) return { kind: "user", id: user.userId, name: user.email, role }
  return { kind: "token", id: token?.tokenId ?? "", name: token?.name ?? "", role }
}

type Question = Extract<CommandAction, { type: "check" | "access" | "release" }>

/** Asks an agent and waits for its answer; undefined when it is away or does not say anything in time. */
export async function ask(
  cloud: Cloud,
  owner: Owner,
  action: Question,
  { actor, assertion }: { actor: Actor; assertion: string | null },
): Promise<CommandOutcome | undefined> {
  const stored = await Commands.create(cloud, owner, {
    caller: callerOf(actor),
    assertion,
    action,
    expiresAt: cloud.now() + (action.type === "release" ? commandLifeMs : questionMs),
  })
  if ((await send(cloud, owner, stored)) === "away") return undefined
  return readUntil(
    () => Commands.outcomeOf(cloud, owner, stored.commandId),
    (found) => found !== undefined,
    questionMs,
  )
}
