import type { FindingItem, NotEvaluatedItem, ProposalDelta } from "#shared/api/validation.ts"
import type { Change, Engine, NotEvaluated } from "#shared/validation/engine/engine.ts"
import { rulesByCode } from "#shared/validation/families.ts"
import type { Finding } from "#shared/validation/finding.ts"
import { type Actor, clustersFor } from "../auth/actor.ts"
import { type Sight, seesObject } from "../auth/sight.ts"
import type { Cloud } from "../cloud.ts"
import { type ListedCluster, listedCluster } from "./listed-cluster.ts"

export type Listed = { all: ListedCluster[]; byId: Map<string, ListedCluster> }

/** All clusters of the caller: what one of them means may hang on another. */
export async function listedClusters(cloud: Cloud, actor: Actor): Promise<Listed> {
  const all = await Promise.all(
    (await clustersFor(cloud, actor)).map((cluster) => listedCluster(cloud, actor.organizationId, cluster)),
  )
  return { all, byId: new Map(all.map((listed) => [listed.cluster.clusterId, listed])) }
}

export const rulesOf = (codes: Iterable<string>): ProposalDelta["rules"] =>
  Object.fromEntries(
    [...new Set(codes)].flatMap((code) => {
      const rule = rulesByCode.get(code)
      if (rule === undefined) return []
      const { aliases, title, effect, remedy } = rule
      return [[code, { aliases: [...aliases], title, effect, remedy }]]
    }),
  )

/**
 * A finding as a caller sees it: none of objects that are not seen; one that names such an object says what its rule says, and no more.
 */
export function seenBy(sight: Sight, finding: Finding): Finding[] {
  if (!seesObject(sight, finding.object)) return []
  const references = finding.references.filter(({ object }) => seesObject(sight, object))
  if (references.length === finding.references.length) return [finding]
  return [
    { ...finding, message: rulesByCode.get(finding.code)?.title ?? finding.code, references, fix: null },
  ]
}

/** Plain data of the answer: what the engine shares is not handed out. */
export const toItem = (
  finding: Finding,
  listed: ReadonlyMap<string, ListedCluster>,
  over: Pick<FindingItem, "since" | "suppressed">,
): FindingItem => {
  const cluster = listed.get(finding.cluster)
  return {
    ...finding,
    references: finding.references.map((reference) => ({ ...reference })),
    fix: finding.fix && { title: finding.fix.title, edits: [...finding.fix.edits] },
    clusterName: cluster?.cluster.name ?? "",
    stale: cluster?.link === "stale" || cluster?.link === "revoked",
    ...over,
  }
}

export const toNotEvaluated = (
  { codes, ...rest }: NotEvaluated,
  listed: ReadonlyMap<string, ListedCluster>,
): NotEvaluatedItem => ({
  ...rest,
  codes: [...codes],
  clusterName: listed.get(rest.cluster)?.cluster.name ?? "",
})

/** What changes of objects would do to the findings, as a caller sees it. */
export function proposalDelta(
  engine: Engine,
  changes: readonly Change[],
  { byId, sight }: Pick<Listed, "byId"> & { sight: Sight },
): ProposalDelta {
  const { added, removed } = engine.delta(changes)
  const itemsOf = (findings: readonly Finding[]): FindingItem[] =>
    findings
      .flatMap((finding) => seenBy(sight, finding))
      .map((finding) => toItem(finding, byId, { since: null, suppressed: null }))
  return {
    added: itemsOf(added),
    removed: itemsOf(removed),
    notEvaluated: engine.notEvaluated().map((one) => toNotEvaluated(one, byId)),
    rules: rulesOf([...added, ...removed].map(({ code }) => code)),
  }
}
