import type { Answer } from "#shared/api/client.ts"
import { rulesByCode } from "#shared/validation/families.ts"
import { type Finding, byPlace, findingKey, levels } from "#shared/validation/finding.ts"
import { findingKind, findingOf } from "#shared/validation/finding-object.ts"
import { type Suppression, suppress } from "#shared/validation/suppression.ts"
import { type Actor, demandAllClusters, clusterFor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import {
  listedClusters,
  proposalDelta,
  rulesOf,
  seenBy,
  toItem,
  toNotEvaluated,
} from "../mesh/finding-item.ts"
import { noticesOf } from "../mesh/listed-cluster.ts"
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
  return withEngine(cloud, actor.organizationId, clusters, (engine) =>
    proposalDelta(engine, [{ cluster: cluster.clusterId, put: body.put, remove: body.remove }], {
      byId,
      sight: actor.sight,
    }),
  )
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
