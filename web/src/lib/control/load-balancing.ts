import type { LoadBalancingForm } from "#shared/edit/form.ts"

export type Hash = NonNullable<LoadBalancingForm["consistentHash"]>
export type Locality = NonNullable<LoadBalancingForm["locality"]>
export type Algorithm = "" | NonNullable<LoadBalancingForm["simple"]> | "HASH"

export const algorithms: readonly { value: Algorithm; label: string; says: string }[] = [
  { value: "", label: "Istio's default", says: "Least requests, where the mesh says nothing else." },
  {
    value: "LEAST_REQUEST",
    label: "Least requests",
    says: "The less busy of two pods that are drawn by chance.",
  },
  { value: "ROUND_ROBIN", label: "Round robin", says: "One pod after the other, however busy." },
  { value: "RANDOM", label: "Random", says: "A pod by chance." },
  {
    value: "PASSTHROUGH",
    label: "Passthrough",
    says: "To the address that the caller asked for, without balancing.",
  },
  {
    value: "HASH",
    label: "Consistent hash",
    says: "The same key always to the same pod, while it is there.",
  },
]

const old: Partial<Record<Algorithm, string>> = {
  LEAST_CONN: "Least connections (old name of least requests)",
  UNSPECIFIED: "Unspecified",
}

export const algorithmOf = ({ simple, consistentHash }: LoadBalancingForm): Algorithm =>
  consistentHash ? "HASH" : (simple ?? "")

/** The old names are offered only where they are written. */
export function algorithmsFor(form: LoadBalancingForm): { value: Algorithm; label: string }[] {
  const present = algorithmOf(form)
  const label = old[present]
  return label === undefined ? [...algorithms] : [...algorithms, { value: present, label }]
}

/** With another algorithm: one that is simple and a hash exclude each other. */
export function withAlgorithm(form: LoadBalancingForm, algorithm: Algorithm): LoadBalancingForm {
  const { simple: _, consistentHash: __, ...rest } = form
  if (algorithm === "") return rest
  if (algorithm === "HASH") return { ...rest, consistentHash: { useSourceIp: true } }
  return { ...rest, simple: algorithm }
}

export type HashKey = "httpHeaderName" | "httpQueryParameterName" | "useSourceIp" | "httpCookie"
export const hashKeys: readonly { value: HashKey; label: string }[] = [
  { value: "httpHeaderName", label: "Header" },
  { value: "httpCookie", label: "Cookie" },
  { value: "useSourceIp", label: "Source IP" },
  { value: "httpQueryParameterName", label: "Query" },
]

export function hashKeyOf(hash: Hash): HashKey {
  return hashKeys.find(({ value }) => hash[value] !== undefined)?.value ?? "useSourceIp"
}

const ringOf = ({ ringHash, maglev }: Hash): Hash => ({
  ...(ringHash === undefined ? {} : { ringHash }),
  ...(maglev === undefined ? {} : { maglev }),
})

/** With another key: there is one of the four. The ring stays. */
export function withHashKey(hash: Hash, key: HashKey): Hash {
  const ring = ringOf(hash)
  if (key === "useSourceIp") return { useSourceIp: true, ...ring }
  if (key === "httpCookie") return { httpCookie: { name: "" }, ...ring }
  return { [key]: "", ...ring }
}

export type Ring = "" | "ringHash" | "maglev"
export const ringKindOf = ({ ringHash, maglev }: Hash): Ring =>
  maglev ? "maglev" : ringHash ? "ringHash" : ""

export function withRing(hash: Hash, ring: Ring): Hash {
  const { ringHash: _, maglev: __, ...rest } = hash
  return ring === "" ? rest : { ...rest, [ring]: {} }
}

export type Spread = "" | "distribute" | "failover" | "failoverPriority"
export const spreads: readonly { value: Spread; label: string }[] = [
  { value: "", label: "Closest" },
  { value: "distribute", label: "Weights" },
  { value: "failover", label: "Failover" },
  { value: "failoverPriority", label: "Labels" },
]

export const spreadOf = (locality: Locality): Spread =>
  spreads.find(({ value }) => value !== "" && locality[value] !== undefined)?.value ?? ""

/** With another way to spread over places: they exclude each other. */
export function withSpread(locality: Locality, spread: Spread): Locality {
  const kept: Locality = locality.enabled === undefined ? {} : { enabled: locality.enabled }
  if (spread === "") return kept
  if (spread === "distribute") return { ...kept, distribute: [{ from: "", to: { "": 100 } }] }
  if (spread === "failover") return { ...kept, failover: [{ from: "", to: "" }] }
  return { ...kept, failoverPriority: ["topology.kubernetes.io/zone"] }
}
