import { type KubeObject, refOf } from "../../kube/object.ts"
import { patchBetween } from "../diff.ts"
import type { Edit } from "../edit.ts"
import type { RoutingForm } from "../form.ts"
import { type Issue, refuse } from "../invalid.ts"
import type { Warning } from "../plan.ts"
import { isSame } from "../same.ts"
import type { World } from "../world.ts"
import { unsupported } from "./http-route-limits.ts"
import { destinationsOf, placeOf, reroutedOf } from "./named-destinations.ts"
import { newProblems } from "./form-path.ts"
import { overtaken, routeWarnings } from "./route-warnings.ts"
import { type Holder, type Routes, specOf } from "./routes.ts"
import { destinationHost } from "./scope.ts"
import { type Made, madeSubsets } from "./subsets.ts"
import type { Target } from "./target.ts"

/** What is wanted of one object, and how its places are called in the form of the control. */
export type Wish = { holder: Holder; wanted: RoutingForm; pathOf?: (path: string) => string }

function weightIssues({ form }: Holder, wanted: RoutingForm): Issue[] {
  return reroutedOf(form, wanted).flatMap((named): Issue[] => {
    const routed = named.filter((one) => !one.path.includes(".mirrors["))
    const [only] = routed
    if (only === undefined || (routed.length === 1 && only.weight === undefined)) return []
    const sum = routed.reduce((total, { weight = 0 }) => total + weight, 0)
    return sum === 100
      ? []
      : [
          {
            path: only.path.replace(/\[\d+\]\.destination$/, ""),
            message: `the weights sum to ${sum}; they have to sum to 100`,
          },
        ]
  })
}

function originIssues({ form }: Holder, wanted: RoutingForm): Issue[] {
  const sections = ["http", "tcp", "tls"] as const
  return sections.flatMap((section) =>
    (wanted[section] ?? []).flatMap(({ origin }, at): Issue[] =>
      typeof origin !== "number" || form[section]?.[origin] !== undefined
        ? []
        : [
            {
              path: `${section}[${at}].origin`,
              message: `there is no rule ${origin + 1} to keep; read the routes again, or leave origin out for a new rule`,
            },
          ],
    ),
  )
}

/** Subsets that rules send to now. One that was named before and is nowhere is not what this change is about. */
function subsetsFor(world: World, holder: Holder, wanted: RoutingForm): Made {
  const before = new Set(destinationsOf(holder.form).map((one) => placeOf(one, holder)))
  const wants = reroutedOf(holder.form, wanted)
    .flat()
    .flatMap((one) => {
      const { subset, host } = one.destination
      return subset === undefined
        ? []
        : [
            {
              host: destinationHost(host, holder.scope),
              subset,
              path: `${one.path}.subset`,
              known: before.has(placeOf(one, holder)),
            },
          ]
    })
  return madeSubsets(world, wants)
}

const nothing: Made = { edits: [], issues: [], warnings: [] }

/** @throws AppError input.invalid, at the places of the control's form */
function refuseIn({ pathOf = (path) => path }: Wish, issues: readonly Issue[]): void {
  refuse(issues.map(({ path, message }) => ({ path: pathOf(path), message })))
}

function editOf({ isNew, object }: Holder, after: KubeObject): Edit[] {
  if (isNew) return [{ create: after }]
  const patch = patchBetween(object, after)
  return patch.length === 0 ? [] : [{ object: refOf(object), patch }]
}

/** The smallest edits that make routes of the form, with the subsets they need. @throws AppError input.invalid */
export function changedRoutes(
  world: World,
  target: Target,
  { wide }: Pick<Routes, "wide">,
  wish: Wish,
): { edits: Edit[]; warnings: Warning[] } {
  const { holder, wanted } = wish
  const { api, object, isNew, lens } = holder
  if (isSame(holder.form, wanted)) return { edits: [], warnings: [] }
  const made = api === "istio" ? subsetsFor(world, holder, wanted) : nothing
  const limits = api === "gateway" ? unsupported(holder, wanted) : []
  refuseIn(wish, [
    ...originIssues(holder, wanted),
    ...weightIssues(holder, wanted),
    ...made.issues,
    ...limits,
  ])
  const after = { ...object, spec: lens.write(specOf(object), wanted) }
  if (api === "istio") refuseIn(wish, newProblems(isNew ? undefined : object, after))
  return {
    edits: [...made.edits, ...editOf(holder, after)],
    warnings: [
      ...routeWarnings(world, target, holder, { wanted, after }),
      ...made.warnings,
      ...(isNew ? overtaken([...wide], after) : []),
    ],
  }
}
