import type { Answer } from "#shared/api/client.ts"
import type { FindingItem, NotEvaluatedItem } from "#shared/api/validation.ts"
import type { Delta, NotEvaluated } from "#shared/validation/engine/engine.ts"
import { rulesByCode } from "#shared/validation/families.ts"
import { type Finding, byPlace, findingKey, levels } from "#shared/validation/finding.ts"
import { findingKind, findingOf } from "#shared/validation/finding-object.ts"
import { type Suppression, suppress } from "#shared/validation/suppression.ts"
import { type Actor, demandAllClusters, clusterFor, clustersFor } from "../auth/actor.ts"
import { type Sight, seesObject } from "../auth/sight.ts"
import type { Cloud } from "../cloud.ts"
import { type ListedCluster, listedCluster, noticesOf } from "../mesh/listed-cluster.ts"
import { withEngine } from "../mesh/mesh-engine.ts"
import { Inventory } from "../store/inventory.ts"
import { Suppressions } from "../store/suppression.ts"
import type { Call } from "./call.ts"
import { chosenClusters } from "./chosen.ts"

const everything = 1_000

type Since = ReadonlyMap<string, number>

/** Since when each finding of a cluster's own agent is known. */
async function sinceOf(cloud: Cloud, owner: Inventory.Owner): Promise<Since> {
  const since = new Map<string, number>()
  let after: string | undefined
  do {
    const page = await Inventory.page(cloud, owner, findingKind, {
      limit: everything,
      ...(after === undefined ? {} : { after }),
    })
    for (const { object, seenAt } of page.items) {
      const kept = findingOf(object, owner.clusterId)
      if (kept) since.set(findingKey(kept.finding), seenAt)
    }
    after = page.last
  } while (after !== undefined)
  return since
}

/** The organization's wishes in the words of the engine. */
const wishesOf = async (cloud: Cloud, organizationId: string): Promise<Suppression[]> =>
  (await Suppressions.list(cloud, organizationId)).map(({ code, object, until }) => ({
    code,
    object,
    until: until === null ? null : new Date(until).toISOString(),
    by: "settings",
  }))

const rulesOf = (codes: Iterable<string>): Answer<"listFindings">["rules"] =>
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
function seenBy(sight: Sight, finding: Finding): Finding[] {
  if (!seesObject(sight, finding.object)) return []
  const references = finding.references.filter(({ object }) => seesObject(sight, object))
  if (references.length === finding.references.length) return [finding]
  return [
    { ...finding, message: rulesByCode.get(finding.code)?.title ?? finding.code, references, fix: null },
  ]
}

/** Plain data of the answer: what the engine shares is not handed out. */
const toItem = (
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

const toNotEvaluated = (
  { codes, ...rest }: NotEvaluated,
  listed: ReadonlyMap<string, ListedCluster>,
): NotEvaluatedItem => ({
  ...rest,
  codes: [...codes],
  clusterName: listed.get(rest.cluster)?.cluster.name ?? "",
})

const rank = (finding: Finding): number => levels.indexOf(finding.level)

type Query = Call<"listFindings">["query"]

function matcherOf({ namespace, code, q }: Query): (finding: Finding) => boolean {
  const text = q?.trim().toLowerCase() ?? ""
  return (finding) => {
    const { object } = finding
    if (namespace !== undefined && !namespace.includes(object.namespace)) return false
    const aliases = rulesByCode.get(finding.code)?.aliases ?? []
    if (code !== undefined && !code.some((one) => one === finding.code || aliases.includes(one))) return false
    return (
      text === "" ||
      [object.kind, object.namespace, object.name, finding.message, finding.code].some((word) =>
        word.toLowerCase().includes(text),
      )
    )
  }
}

async function listedClusters(
  cloud: Cloud,
  actor: Actor,
): Promise<{ all: ListedCluster[]; byId: Map<string, ListedCluster> }> {
  const all = await Promise.all(
    (await clustersFor(cloud, actor)).map((cluster) => listedCluster(cloud, actor.organizationId, cluster)),
  )
  return { all, byId: new Map(all.map((listed) => [listed.cluster.clusterId, listed])) }
}

export async function listFindings(
  cloud: Cloud,
  actor: Actor,
  { query }: Call<"listFindings">,
): Promise<Answer<"listFindings">> {
  const { organizationId } = actor
  const chosen = await chosenClusters(cloud, actor, query.cluster)
  const shown = new Set(chosen.map(({ clusterId }) => clusterId))
  const [{ all, byId }, wishes, sinces] = await Promise.all([
    listedClusters(cloud, actor),
    wishesOf(cloud, organizationId),
    Promise.all(chosen.map(({ clusterId }) => sinceOf(cloud, { organizationId, clusterId }))),
  ])
  const since = new Map(sinces.flatMap((one) => [...one]))
  const matches = matcherOf(query)
  const clusters = all.map(({ cluster }) => cluster)
  return withEngine(cloud, organizationId, clusters, (engine) => {
    const found = engine
      .findings()
      .filter((finding) => shown.has(finding.cluster) && matches(finding))
      .flatMap((finding) => seenBy(actor.sight, finding))
    const { findings, suppressed } = suppress(found, {
      objectOf: ({ cluster, object }) => engine.object(cluster, object),
      rules: rulesByCode,
      wishes,
      nowMs: cloud.now(),
    })
    const counts = { error: 0, warning: 0, info: 0, suppressed: suppressed.length }
    for (const { level } of findings) counts[level]++
    const wanted = [
      ...findings.map((finding) => ({ finding, suppressed: null })),
      ...(query.suppressed === "true"
        ? suppressed.map(({ finding, suppression: { by, code, until } }) => ({
            finding,
            suppressed: { by, code, until },
          }))
        : []),
    ]
      .filter(({ finding }) => query.level === undefined || query.level.includes(finding.level))
      .sort((a, b) => rank(a.finding) - rank(b.finding) || byPlace(a.finding, b.finding))
    const page = wanted.slice(0, query.limit ?? everything)
    const notEvaluated = engine
      .notEvaluated()
      .filter(({ cluster }) => shown.has(cluster))
      .map((one) => toNotEvaluated(one, byId))
    return {
      items: page.map(({ finding, suppressed: by }) =>
        toItem(finding, byId, { since: since.get(findingKey(finding)) ?? null, suppressed: by }),
      ),
      counts,
      more: wanted.length - page.length,
      notEvaluated,
      rules: rulesOf([
        ...page.map(({ finding }) => finding.code),
        ...notEvaluated.flatMap(({ codes }) => codes),
      ]),
      objects: engine.objects,
      notices: noticesOf(
        all.filter(({ cluster }) => shown.has(cluster.clusterId)),
        [],
      ).filter(({ code }) => code !== "kind.unknown"),
    }
  })
}

export async function validate(
  cloud: Cloud,
  actor: Actor,
  { params, body }: Call<"validate">,
): Promise<Answer<"validate">> {
  const cluster = await clusterFor(cloud, actor, params.cluster)
  const { all, byId } = await listedClusters(cloud, actor)
  const clusters = all.map((listed) => listed.cluster)
  return withEngine(cloud, actor.organizationId, clusters, (engine) => {
    const delta: Delta = engine.delta([{ cluster: cluster.clusterId, put: body.put, remove: body.remove }])
    const itemsOf = (findings: readonly Finding[]): FindingItem[] =>
      findings
        .flatMap((finding) => seenBy(actor.sight, finding))
        .map((finding) => toItem(finding, byId, { since: null, suppressed: null }))
    const notEvaluated = engine.notEvaluated().map((one) => toNotEvaluated(one, byId))
    return {
      added: itemsOf(delta.added),
      removed: itemsOf(delta.removed),
      notEvaluated,
      rules: rulesOf([...delta.added, ...delta.removed].map(({ code }) => code)),
    }
  })
}

export const listRules = (): Promise<Answer<"listRules">> =>
  Promise.resolve({
    items: [...rulesByCode.values()].map(({ code, aliases, level, title, effect, remedy, source }) => ({
      code,
      aliases: [...aliases],
      level,
      title,
      effect,
      remedy,
      source: source ?? null,
    })),
  })

export const listSuppressions = async (cloud: Cloud, actor: Actor): Promise<Answer<"listSuppressions">> => ({
  items: await Suppressions.list(cloud, actor.organizationId),
})

export async function createSuppression(
  cloud: Cloud,
  actor: Actor,
  { body }: Call<"createSuppression">,
): Promise<Answer<"createSuppression">> {
  demandAllClusters(actor)
  return Suppressions.create(cloud, actor.organizationId, { ...body, createdBy: actor.name })
}

export async function removeSuppression(
  cloud: Cloud,
  actor: Actor,
  { params }: Call<"removeSuppression">,
): Promise<undefined> {
  demandAllClusters(actor)
  await Suppressions.remove(cloud, actor.organizationId, params.suppression)
}
