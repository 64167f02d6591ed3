import type { KubeObject } from "../kube/object.ts"
import { type Json, list, number, record, text } from "../topology/fact/read.ts"
import { canonicalJson } from "../kube/bucket.ts"

/** A list of an object that others rely on entry by entry; `inner`: the list inside of an entry that is to be joined as well. */
type Relied = { field: string; keyOf: (entry: unknown) => string; inner?: string }

const nameOf = (entry: unknown): string => text(record(entry)["name"])
const portOf = (entry: unknown): string => {
  const { port, name } = record(entry)
  return `${number(record(port)["number"])} ${text(record(port)["name"])} ${text(name)}`
}
const exportTo: Relied = { field: "exportTo", keyOf: canonicalJson }

const reliedOn: Readonly<Record<string, readonly Relied[]>> = {
  "DestinationRule.networking.istio.io": [{ field: "subsets", keyOf: nameOf }, exportTo],
  "Gateway.networking.istio.io": [{ field: "servers", keyOf: portOf, inner: "hosts" }],
  "Gateway.gateway.networking.k8s.io": [{ field: "listeners", keyOf: nameOf }],
  "ServiceEntry.networking.istio.io": [
    { field: "hosts", keyOf: canonicalJson },
    { field: "ports", keyOf: (entry) => String(number(record(entry)["number"])) },
    exportTo,
  ],
  Service: [{ field: "ports", keyOf: (entry) => String(number(record(entry)["port"])) }],
  "Sidecar.networking.istio.io": [{ field: "egress", keyOf: portOf, inner: "hosts" }],
  "ReferenceGrant.gateway.networking.k8s.io": [
    { field: "from", keyOf: canonicalJson },
    { field: "to", keyOf: canonicalJson },
  ],
}

function joined(before: unknown, after: unknown, { keyOf, inner }: Omit<Relied, "field">): unknown[] {
  const old = new Map(list(before).map((entry) => [keyOf(entry), entry]))
  const kept = list(after).map((entry) => {
    const own = old.get(keyOf(entry))
    old.delete(keyOf(entry))
    return own === undefined || inner === undefined
      ? entry
      : {
          ...record(entry),
          [inner]: joined(record(own)[inner], record(entry)[inner], { keyOf: canonicalJson }),
        }
  })
  return [...kept, ...old.values()]
}

/** No list of namespaces means everywhere, and no list of egress everything: that is wider than any list. */
const isOpen = (field: string, spec: Json): boolean =>
  (field === "exportTo" || field === "egress") && list(spec[field]).length === 0

function withJoined(spec: Json, old: Json, relied: Relied): Json {
  const { field } = relied
  if (isOpen(field, spec) || list(old[field]).length === 0) {
    if (!isOpen(field, old)) return spec
    const { [field]: _, ...open } = spec
    return open
  }
  return { ...spec, [field]: joined(old[field], spec[field], relied) }
}

/** What an object becomes, with everything that others may still rely on: subsets, hosts, servers, ports that are to go. */
export function widened(kind: string, before: KubeObject, after: KubeObject): KubeObject {
  const relied = reliedOn[kind] ?? []
  const old = record(before["spec"])
  const spec = relied.reduce((wide, entry) => withJoined(wide, old, entry), record(after["spec"]))
  return { ...after, spec }
}

/** Names of entries that the one has and the other has not: `subset v3`. */
export function entriesOnlyIn(kind: string, one: KubeObject, other: KubeObject | null): string[] {
  return (reliedOn[kind] ?? []).flatMap(({ field, keyOf }) => {
    const known = new Set(list(record(other?.["spec"])[field]).map(keyOf))
    return list(record(one["spec"])[field])
      .filter((entry) => !known.has(keyOf(entry)))
      .map((entry) => `${field.replace(/s$/, "")} ${wordOf(entry)}`)
  })
}

const wordOf = (entry: unknown): string =>
  typeof entry === "string" ? entry : nameOf(entry) || String(portOf(entry)).trim() || "without a name"
