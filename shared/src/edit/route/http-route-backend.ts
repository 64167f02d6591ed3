import { serviceHost } from "../../istio/host.ts"
import { type Json, number, text } from "../../topology/fact/read.ts"
import { Destination } from "../form.ts"
import { type Lens, fitting, withField, without } from "./lens.ts"
import { type Scope, serviceNamed } from "./scope.ts"

type Place = { name: string; namespace: string }

const isService = (raw: Json): boolean =>
  (raw["kind"] ?? "Service") === "Service" && text(raw["group"]) === ""

/** The version of the service that a Service stands for. */
const versionOf = ({ versionServices }: Scope, name: string): string | undefined =>
  [...versionServices].find(([, own]) => own === name)?.[0]

function placeWritten(raw: Json, scope: Scope): Destination {
  const { service, namespace, domain } = scope
  const [name, of] = [text(raw["name"]), text(raw["namespace"]) || namespace]
  if (!isService(raw)) return { host: name }
  if (of === service.namespace) {
    if (name === service.name) return {}
    const subset = versionOf(scope, name)
    if (subset !== undefined) return { subset }
  }
  return { host: of === namespace ? name : serviceHost(name, of, domain) }
}

/** The Service that a destination of a form means; undefined when there is none for the version. */
export function placeOf({ host, subset }: Destination, scope: Scope): Place | undefined {
  const { service } = scope
  if (host !== undefined) return subset === undefined ? serviceNamed(host, scope) : undefined
  if (subset === undefined) return { name: service.name, namespace: service.namespace }
  const name = scope.versionServices.get(subset)
  return name === undefined ? undefined : { name, namespace: service.namespace }
}

function read(raw: Json, scope: Scope): Destination | undefined {
  if (text(raw["name"]) === "") return undefined
  const port = number(raw["port"])
  return fitting(Destination, { ...placeWritten(raw, scope), ...(port === 0 ? {} : { port }) })
}

/** The reference, to another Service. */
function moved(raw: Json, destination: Destination, scope: Scope): Json {
  const place = placeOf(destination, scope)
  const away = place?.namespace === scope.namespace ? undefined : place?.namespace
  return withField(withField(without(raw, "group", "kind"), "name", place?.name), "namespace", away)
}

function write(raw: Json, destination: Destination, scope: Scope): Json {
  const before = read(raw, scope)
  const stays =
    before !== undefined && before.host === destination.host && before.subset === destination.subset
  const named = stays ? raw : moved(raw, destination, scope)
  if (raw["port"] !== undefined && before?.port === destination.port) return named
  return withField(named, "port", destination.port ?? scope.service.ports[0]?.number)
}

/** A reference to a Service, as routes and mirrors of the Gateway API have it. */
export const backendLens = (scope: Scope): Lens<Destination> => ({
  read: (raw) => read(raw, scope),
  write: (raw, value) => (value === undefined ? {} : write(raw, value, scope)),
  rest: (raw) => without(raw, "name", "namespace", "port", ...(isService(raw) ? ["group", "kind"] : [])),
})
