import type { ControlQuery } from "../api/change.ts"
import * as circuitBreaker from "./control/circuit-breaker.ts"
import * as clientTls from "./control/client-tls.ts"
import * as loadBalancing from "./control/load-balancing.ts"
import * as fault from "./control/fault.ts"
import * as fix from "./control/fix.ts"
import * as mirror from "./control/mirror.ts"
import * as mtls from "./control/mtls.ts"
import * as objects from "./control/objects.ts"
import * as routing from "./control/routing.ts"
import * as shift from "./control/shift.ts"
import type { ServiceName } from "./form.ts"
import { invalid } from "./invalid.ts"
import type { FormControl, Intent } from "./intent.ts"
import type { Plan, Reading } from "./plan.ts"
import type { PolicyTarget } from "./policy/place.ts"
import type { World } from "./world.ts"

type Planned = Exclude<Intent, { control: "undo" }>
type Planner<C extends Planned["control"]> = (world: World, intent: Extract<Planned, { control: C }>) => Plan
type Reader = (world: World, query: ControlQuery) => Reading

/** @throws AppError input.invalid */
function serviceOf({ namespace, service }: ControlQuery): ServiceName {
  if (namespace !== undefined && service !== undefined) return { namespace, name: service }
  throw invalid([
    {
      path: namespace === undefined ? "namespace" : "service",
      message: "is missing; name a service by both",
    },
  ])
}

/** A place in the DestinationRule of a service. */
const policyTarget = (query: ControlQuery): PolicyTarget => ({
  service: serviceOf(query),
  scope: {
    ...(query.subset === undefined ? {} : { subset: query.subset }),
    ...(query.port === undefined ? {} : { port: query.port }),
  },
})

const planners: { [C in Planned["control"]]: Planner<C> } = {
  routing: (world, { service, set }) => routing.plan(world, service, set),
  objects: objects.plan,
  fix: fix.plan,
  shift: (world, { service, set }) => shift.plan(world, service, set),
  "circuit-breaker": (world, { service, scope, set }) => circuitBreaker.plan(world, { service, scope }, set),
  "load-balancing": (world, { service, scope, set }) => loadBalancing.plan(world, { service, scope }, set),
  "client-tls": (world, { service, scope, set }) => clientTls.plan(world, { service, scope }, set),
  mirror: (world, { service, set }) => mirror.plan(world, service, set),
  fault: (world, { service, set }) => fault.plan(world, service, set),
  mtls: (world, { scope, set }) => mtls.plan(world, scope, set),
}

const readers: { [C in FormControl]: Reader } = {
  routing: (world, query) => routing.read(world, serviceOf(query)),
  shift: (world, query) => shift.read(world, serviceOf(query)),
  "circuit-breaker": (world, query) => circuitBreaker.read(world, policyTarget(query)),
  "load-balancing": (world, query) => loadBalancing.read(world, policyTarget(query)),
  "client-tls": (world, query) => clientTls.read(world, policyTarget(query)),
  mirror: (world, query) => mirror.read(world, serviceOf(query)),
  fault: (world, query) => fault.read(world, serviceOf(query)),
  mtls: (world, query) => mtls.read(world, query),
}

/** What an intent becomes in one cluster: the smallest edits of what is there. @throws AppError input.invalid, with the places in the form */
export function planOf(intent: Planned, world: World): Plan {
  // Each intent goes to the planner of its own control, which the compiler cannot follow through the table.
  const planner = planners[intent.control] as (world: World, intent: Planned) => Plan
  return planner(world, intent)
}

/** What a control's form shows of what is there. @throws AppError input.invalid when the query names nothing it can be about */
export const readControl = (control: FormControl, world: World, query: ControlQuery): Reading =>
  readers[control](world, query)
