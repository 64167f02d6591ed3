import { named } from "../../istio/reason.ts"
import { refOf } from "../../kube/object.ts"
import { percentageProblem } from "../../validation/semantic/weight.ts"
import type { FaultControlForm, FaultForm, HttpRule, ServiceName } from "../form.ts"
import { type Issue, invalid, refuse } from "../invalid.ts"
import type { Plan, Reading } from "../plan.ts"
import { isSame } from "../same.ts"
import type { World } from "../world.ts"
import { type Routes, routesOf } from "../route/routes.ts"
import { type Target, nameOf, targetOf } from "../route/target.ts"
import { readingOf, unshownOf, withDelegates } from "./reading.ts"
import { changedEverywhere, changedRule, choicePath, firstRule, nothingToDo, wantsHttp } from "./rule-edit.ts"

function percentIssue(path: string, percent: number | undefined): Issue[] {
  const problem = percent === undefined ? undefined : percentageProblem(percent)
  return problem === undefined ? [] : [{ path, message: problem }]
}

function issuesOf({ delay, abort }: FaultForm): Issue[] {
  const statuses = [abort?.httpStatus, abort?.grpcStatus].filter((status) => status !== undefined)
  const issues = [
    ...percentIssue("delay.percent", delay?.percent),
    ...percentIssue("abort.percent", abort?.percent),
  ]
  if (delay === undefined && abort === undefined)
    issues.push({ path: "abort", message: "there is neither a delay nor an abort; give one of them" })
  if (abort !== undefined && statuses.length !== 1)
    issues.push({
      path: "abort.httpStatus",
      message:
        statuses.length === 0
          ? "an abort answers with a status; give httpStatus or grpcStatus"
          : `${abort.httpStatus} and grpcStatus ${abort.grpcStatus} cannot both be answered; give one of them`,
    })
  return issues
}

/** The Gateway API has no faults. @throws AppError input.invalid */
function refuseGateway(target: Target, { api, holders }: Routes, { delay }: FaultForm): void {
  if (api === "istio") return
  const [first] = holders
  const by = first === undefined ? "the Gateway API" : named(refOf(first.object))
  throw invalid([
    {
      path: delay === undefined ? "abort" : "delay",
      message: `${nameOf(target)} is routed by ${by}, and the Gateway API has no faults; write its routes as a VirtualService to inject them`,
    },
  ])
}

const faultOf = ({ delay, abort }: FaultControlForm): FaultForm => ({
  ...(delay === undefined ? {} : { delay }),
  ...(abort === undefined ? {} : { abort }),
})

function titleOf({ delay, abort }: FaultForm, { service }: Target): string {
  const requests = (percent: number): string => `${percent} % of the requests to ${service.name}`
  const delays = delay === undefined ? [] : [`delay ${requests(delay.percent)} by ${delay.fixedDelay}`]
  const aborts =
    abort === undefined
      ? []
      : [`abort ${requests(abort.percent)} with ${String(abort.httpStatus ?? abort.grpcStatus)}`]
  const text = [...delays, ...aborts].join(" and ")
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Places in the routing form as they are called in this one. */
const pathOf = (path: string): string =>
  /\.fault\b/.test(path) ? path.replace(/^.*?\.fault\.?/, "") || "abort" : choicePath(path)

function withoutFault({ fault: _, ...rule }: HttpRule): HttpRule {
  return rule
}

/** Faults for requests of a rule; null: none in any rule of the service. @throws AppError input.invalid */
export function plan(world: World, service: ServiceName, set: FaultControlForm | null): Plan {
  const target = targetOf(world, service)
  const routes = routesOf(world, target)
  const services = [nameOf(target)]
  if (set === null)
    return {
      ...changedEverywhere(world, target, routes, withoutFault),
      title: `Remove the faults of ${target.service.name}`,
      services,
    }
  const title = titleOf(set, target)
  if (isSame(formOf(world, target, routes), set)) return { ...nothingToDo, title, services }
  refuse(issuesOf(set))
  wantsHttp(target, "delayed or aborted")
  refuseGateway(target, routes, set)
  const outcome = changedRule(world, target, routes, {
    which: set,
    change: ({ rule }) => ({ ...rule, fault: faultOf(set) }),
    pathOf,
  })
  return { ...outcome, title, services }
}

function formOf(world: World, target: Target, routes: Routes): FaultControlForm | null {
  const first = firstRule(world, target, routes, ({ fault }) => fault)
  if (first === undefined) return null
  const { found, rule } = first
  return { ...(rule === undefined ? {} : { rule }), ...found }
}

export function read(world: World, service: ServiceName): Reading<FaultControlForm> {
  const target = targetOf(world, service)
  const routes = routesOf(world, target)
  const more = firstRule(world, target, routes, ({ fault }) => fault)?.more ?? []
  return readingOf(world, target, routes, {
    control: "fault",
    form: formOf(world, target, routes),
    unshown: withDelegates(world, target, routes)
      .flatMap(unshownOf)
      .filter(({ path }) => /\.fault\b/.test(path)),
    warnings:
      more.length === 0
        ? []
        : [{ code: "fault.several", message: `Rules ${more.join(", ")} inject faults as well` }],
  })
}
