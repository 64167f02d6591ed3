import type { ChangePreview, ChangeRequest } from "#shared/api/change.ts"
import type { ProposalDelta } from "#shared/api/validation.ts"
import { curlLine, kubectlLines, smmLine } from "#shared/edit/lines.ts"
import type { Warning } from "#shared/edit/plan.ts"
import type { CommandOutcome } from "#shared/protocol/command.ts"
import type { Actor } from "../auth/actor.ts"
import type { Cloud } from "../cloud.ts"
import { proposalDelta } from "../mesh/finding-item.ts"
import { ask } from "./ask.ts"
import { type Draft, type Part, effectsOf, toStep, trafficOf, wireOf } from "./draft.ts"
import { aimOf, planned } from "./planned.ts"
import { type Reach, reachOf } from "./reach.ts"

type Check = NonNullable<ChangePreview["clusters"][number]["check"]>
type Traffic = ChangePreview["traffic"]

function checkOf(checkedAt: number, outcome: CommandOutcome | undefined): Check | null {
  if (outcome?.type === "refused")
    return { checkedAt, as: null, failure: outcome.failure, access: [], owners: [], dryRun: [] }
  if (outcome?.type !== "check") return null
  return {
    checkedAt,
    as: outcome.as,
    failure: outcome.failure,
    access: outcome.steps.map(({ access }) => access),
    owners: outcome.steps.flatMap(({ owners }) => owners),
    dryRun: outcome.steps.map(({ dryRun: { state, code, message } }) => ({ state, code, message })),
  }
}

async function checked(
  cloud: Cloud,
  actor: Actor,
  { reach, part }: { reach: Reach; part: Part },
  request: ChangeRequest,
): Promise<Check | null> {
  if (reach.off || reach.away) return null
  const owner = { organizationId: actor.organizationId, clusterId: part.cluster.clusterId }
  const { conflicts, assertion } = request
  const steps = part.steps.map(wireOf)
  const outcome = await ask(cloud, owner, { type: "check", conflicts, steps }, { actor, assertion })
  return checkOf(cloud.now(), outcome)
}

type Place = ChangePreview["clusters"][number]

/** What the cluster itself has against it. */
function objections({ clusterName, check }: Place, conflicts: ChangeRequest["conflicts"]): Warning[] {
  if (!check) return []
  const at = (code: string, message: string): Warning => ({ code, message: `${clusterName}: ${message}` })
  if (check.failure) return [at(check.failure.code, check.failure.message)]
  const denied = check.access
    .filter(({ allowed }) => !allowed)
    .map(({ verb, kind, namespace, name, reason }) =>
      at(
        "access.denied",
        `you may not ${verb} ${kind} ${namespace}/${name}${reason === "" ? "" : ` (${reason})`}`,
      ),
    )
  const contested = check.owners
    .filter(({ claim }) => conflicts === "ask" && (claim === "reverts" || claim === "rewrites"))
    .map(({ manager, path, claim }) =>
      at(
        "change.conflict",
        `${manager} owns ${path} and ${claim} it: take these fields over, or leave them out`,
      ),
    )
  const refused = check.dryRun
    .filter(({ state }) => state === "refused")
    .map(({ message }) => at("dry_run.refused", message))
  return [...denied, ...contested, ...refused]
}

/** In the order in which a reader should take care of them: what cannot be planned, what nobody can change here, what the cluster says. */
function blockersOf(
  draft: Draft,
  {
    reaches,
    places,
    request,
  }: { reaches: readonly Reach[]; places: readonly Place[]; request: ChangeRequest },
): Warning[] {
  const isQueued = request.queueUntil !== null
  return [
    ...draft.refused.map(({ cluster, error }) => ({
      code: error.code,
      message: `${cluster.name}: ${error.message}`,
    })),
    ...(draft.parts.length === 0
      ? [{ code: "change.empty", message: "There is nothing to change: everything is as it would be" }]
      : []),
    ...reaches.flatMap(({ off, away }) => off ?? (isQueued ? [] : (away ?? []))),
    ...places.flatMap((place) => objections(place, request.conflicts)),
  ]
}

function linesOf(cloud: Cloud, draft: Draft, request: ChangeRequest): ChangePreview["commands"] {
  const { intent, guard, expiresInMs, conflicts, assertion: _secret, digest: _digest, ...rest } = request
  const clusterNames = intent.control === "undo" ? [] : draft.parts.map(({ cluster }) => cluster.name)
  const isOne = draft.parts.length === 1
  return {
    smm: smmLine({ intent, clusterNames, guard, expiresInMs, conflicts }),
    kubectl: kubectlLines(
      draft.parts.flatMap(({ cluster, steps }) =>
        steps.map((step) => ({ ...step, ...(isOne ? {} : { clusterName: cluster.name }) })),
      ),
    ),
    curl: curlLine(cloud.publicUrl, { intent, guard, expiresInMs, conflicts, ...rest }),
  }
}

/** What a change would do, and what stands in its way. Changes nothing. @throws AppError when it can be planned nowhere */
export async function previewChange(
  cloud: Cloud,
  actor: Actor,
  request: ChangeRequest,
  check: "ask" | "know",
): Promise<ChangePreview> {
  const aim = await aimOf(cloud, actor, request)
  const { draft, findings, traffic } = await planned(
    cloud,
    actor,
    { request, aim, wants: "traffic" },
    ({ engine, draft, byId, live }): { draft: Draft; findings: ProposalDelta; traffic: Traffic } => ({
      draft,
      findings: proposalDelta(engine, effectsOf(engine, draft.parts), { byId, sight: actor.sight }),
      traffic: trafficOf(engine, draft, live),
    }),
  )
  const reaches = await Promise.all(
    draft.parts.map(({ cluster }) => reachOf(cloud, actor.organizationId, cluster)),
  )
  const places = await Promise.all(
    draft.parts.map(async (part, i): Promise<Place[]> => {
      const reach = reaches[i]
      if (!reach) return []
      return [
        {
          cluster: part.cluster.clusterId,
          clusterName: part.cluster.name,
          link: reach.link,
          mode: reach.act?.mode ?? null,
          check: check === "ask" ? await checked(cloud, actor, { reach, part }, request) : null,
        },
      ]
    }),
  )
  const clusters = places.flat()
  return {
    previewedAt: cloud.now(),
    digest: draft.digest,
    title: draft.title,
    services: draft.services,
    steps: draft.parts.flatMap(({ cluster, steps }) => steps.map((step) => toStep(cluster.clusterId, step))),
    clusters,
    refused: draft.refused.map(({ cluster, error }) => ({
      cluster: cluster.clusterId,
      clusterName: cluster.name,
      message: error.message,
    })),
    findings,
    traffic,
    warnings: draft.warnings,
    blockers: blockersOf(draft, { reaches, places: clusters, request }),
    commands: linesOf(cloud, draft, request),
  }
}
