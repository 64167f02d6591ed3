import { type Json, list, record, text } from "../../topology/fact/read.ts"
import { HttpRule } from "../form.ts"
import { routeLens } from "./destination.ts"
import { type Lens, fitting, without, withField } from "./lens.ts"
import type { Scope } from "./scope.ts"

export type Action = HttpRule["action"]
type Of<T extends Action["type"]> = Extract<Action, { type: T }>

const schema = HttpRule.shape.action
const fields = {
  redirect: "redirect",
  direct: "directResponse",
  delegate: "delegate",
  route: "route",
} as const

const isThere = (value: unknown): boolean => value !== undefined && value !== null

const typeOf = (raw: Json): Action["type"] =>
  (["redirect", "direct", "delegate"] as const).find((type) => isThere(raw[fields[type]])) ?? "route"

/** Names in the form, and in the object. */
const redirectFields = {
  uri: "uri",
  authority: "authority",
  scheme: "scheme",
  port: "port",
  code: "redirectCode",
} as const

function readRedirect(raw: Json): Action | undefined {
  const said = Object.entries(redirectFields).flatMap(([name, field]): [string, unknown][] =>
    isThere(raw[field]) ? [[name, raw[field]]] : [],
  )
  return fitting(schema, { type: "redirect", ...Object.fromEntries(said) })
}

const writeRedirect = (raw: Json, redirect: Of<"redirect">): Json =>
  Object.entries(redirectFields).reduce(
    (written, [name, field]) => withField(written, field, redirect[name as keyof typeof redirectFields]),
    raw,
  )

function readDirect(raw: Json): Action | undefined {
  const body = record(raw["body"])["string"]
  return fitting(schema, {
    type: "direct",
    status: raw["status"],
    ...(typeof body === "string" ? { body } : {}),
  })
}

function writeDirect(raw: Json, { status, body }: Of<"direct">): Json {
  const written = withField(raw, "status", status)
  if (text(record(raw["body"])["string"]) === (body ?? "")) return written
  return withField(written, "body", body === undefined ? undefined : { string: body })
}

const readDelegate = (raw: Json, { namespace }: Scope): Action | undefined =>
  fitting(schema, { type: "delegate", name: raw["name"], namespace: text(raw["namespace"]) || namespace })

function writeDelegate(raw: Json, delegate: Of<"delegate">, scope: Scope): Json {
  const named = withField(raw, "name", delegate.name)
  const known = text(raw["namespace"]) || scope.namespace
  return known === delegate.namespace ? named : withField(named, "namespace", delegate.namespace)
}

function read(raw: Json, scope: Scope): Action {
  const type = typeOf(raw)
  const own = record(raw[fields[type]])
  const shown =
    type === "redirect"
      ? readRedirect(own)
      : type === "direct"
        ? readDirect(own)
        : type === "delegate"
          ? readDelegate(own, scope)
          : undefined
  return shown ?? { type: "route", destinations: routeLens(scope).read(raw) ?? [] }
}

function write(raw: Json, action: Action, scope: Scope): Json {
  const others = Object.values(fields).filter((field) => field !== fields[action.type])
  const changes = read(raw, scope).type !== action.type
  const base = changes ? without(raw, ...others) : raw
  const own = record(base[fields[action.type]])
  switch (action.type) {
    case "redirect":
      return withField(base, "redirect", writeRedirect(own, action))
    case "direct":
      return withField(base, "directResponse", writeDirect(own, action))
    case "delegate":
      return withField(base, "delegate", writeDelegate(own, action, scope))
    case "route":
      return routeLens(scope).write(base, action.destinations)
  }
}

const restFields: Readonly<Record<"redirect" | "direct" | "delegate", (own: Json) => Json>> = {
  redirect: (own) => without(own, ...Object.values(redirectFields)),
  direct: (own) => {
    const body = without(record(own["body"]), "string")
    return withField(without(own, "status"), "body", Object.keys(body).length === 0 ? undefined : body)
  },
  delegate: (own) => without(own, "name", "namespace"),
}

/** What an http route does with requests: one of route, redirect, directResponse and delegate. */
export const actionLens = (scope: Scope): Lens<Action> => ({
  read: (raw) => read(raw, scope),
  write: (raw, action = { type: "route", destinations: [] }) => write(raw, action, scope),
  rest: (raw) => {
    const { type } = read(raw, scope)
    if (type === "route")
      return list(raw["route"]).length === 0 ? without(raw, "route") : routeLens(scope).rest(raw)
    const left = restFields[type](record(raw[fields[type]]))
    return withField(raw, fields[type], Object.keys(left).length === 0 ? undefined : left)
  },
})
