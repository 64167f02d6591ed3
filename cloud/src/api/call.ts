import type { z } from "zod"
import type { Answer } from "#shared/api/client.ts"
import type { OperationName, operations } from "#shared/api/operations.ts"
import type { Actor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"

type Part<T, K extends "params" | "query" | "body"> = K extends keyof T
  ? T[K] extends z.ZodType
    ? { [P in K]: z.output<T[K]> }
    : object
  : object

/** What a handler gets: checked parameters, query and body. */
export type Call<N extends OperationName> = Part<(typeof operations)[N], "params"> &
  Part<(typeof operations)[N], "query"> &
  Part<(typeof operations)[N], "body">

/** What an operation does: no HTTP in it. The organization comes from the actor only. */
export type Handler<N extends OperationName> = (
  cloud: Cloud,
  actor: Actor,
  call: Call<N>,
) => Promise<Answer<N>>

/** Operations that change the cookie are the edge's own: everything else is a plain handler. */
export type PlainOperation = Exclude<OperationName, "createSession" | "removeSession">
export type Handlers = { [N in PlainOperation]: Handler<N> }
