import type { ChangePreview } from "#shared/api/change.ts"
import type { ClusterInfo } from "#shared/api/cluster.ts"

/** One identity provider whose word on the caller is demanded, and where. */
export type Demand = {
  issuer: string
  audience: string
  /** Good for one change only. */
  bound: boolean
  clusters: readonly { cluster: string; name: string }[]
}

/** What the chosen clusters demand, in their order; clusters that demand the same are one. */
export function demandsOf(chosen: readonly string[], clusters: readonly ClusterInfo[]): Demand[] {
  const known = new Map(clusters.map((info) => [info.clusterId, info]))
  const demanding = chosen.flatMap((id) => {
    const info = known.get(id)
    const provider = info?.act?.identityProvider
    return info && provider ? [{ cluster: id, name: info.name, provider }] : []
  })
  const alike = Map.groupBy(demanding, ({ provider }) =>
    JSON.stringify([provider.issuer, provider.audience, provider.bindToChange]),
  )
  return [...alike.values()].flatMap((own): Demand[] => {
    const [first] = own
    if (!first) return []
    const { issuer, audience, bindToChange: bound } = first.provider
    return [{ issuer, audience, bound, clusters: own.map(({ cluster, name }) => ({ cluster, name })) }]
  })
}

/** The part of a request. Nothing where nothing demands it: who sees only roles need not see a token. */
export function assertionPart(pasted: string, demands: readonly Demand[]): { assertion?: string } {
  const assertion = pasted.trim()
  return demands.length === 0 || assertion === "" ? {} : { assertion }
}

/** Why a cluster did not take it, or what it wants; a bound one tells the digest there. */
export const assertionFailures = (preview: ChangePreview | undefined): string[] =>
  (preview?.clusters ?? []).flatMap(({ clusterName, check }) =>
    check?.failure?.code === "assertion" ? [`${clusterName}: ${check.failure.message}`] : [],
  )

/** What is wanted, under the field. */
export function demandText({ audience, bound, clusters }: Demand): string {
  const where = clusters.map(({ name }) => name).join(", ")
  const what = `${where} ${clusters.length === 1 ? "wants" : "want"} a token for the audience ${audience}`
  return bound
    ? `${what}, bound to this change: its nonce is the digest that the refusal without one tells.`
    : `${what}. It is sent with this change and kept nowhere here.`
}
