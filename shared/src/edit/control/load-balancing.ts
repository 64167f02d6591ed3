import { type Json, record } from "../../topology/fact/read.ts"
import { LoadBalancingForm } from "../form.ts"
import type { Issue } from "../invalid.ts"
import { policyControl } from "../policy/control.ts"
import { fieldsOf, withoutValue } from "../policy/fields.ts"
import { failoverWithoutOutlier } from "../policy/warnings.ts"

const balancer = "loadBalancer"
const hash = `${balancer}.consistentHash`
const locality = `${balancer}.localityLbSetting`

const keys = ["httpHeaderName", "httpQueryParameterName", "useSourceIp", "httpCookie"] as const
const rings = ["ringHash", "maglev"] as const

const fields = fieldsOf(LoadBalancingForm, {
  simple: `${balancer}.simple`,
  "consistentHash.httpHeaderName": `${hash}.httpHeaderName`,
  "consistentHash.httpQueryParameterName": `${hash}.httpQueryParameterName`,
  "consistentHash.useSourceIp": `${hash}.useSourceIp`,
  "consistentHash.httpCookie.name": `${hash}.httpCookie.name`,
  "consistentHash.httpCookie.path": `${hash}.httpCookie.path`,
  "consistentHash.httpCookie.ttl": `${hash}.httpCookie.ttl`,
  "consistentHash.ringHash": `${hash}.ringHash`,
  "consistentHash.maglev": `${hash}.maglev`,
  "locality.enabled": `${locality}.enabled`,
  "locality.distribute": `${locality}.distribute`,
  "locality.failover": `${locality}.failover`,
  "locality.failoverPriority": `${locality}.failoverPriority`,
  "warmup.duration": `${balancer}.warmup.duration`,
  "warmup.minimumPercent": `${balancer}.warmup.minimumPercent`,
  "warmup.aggression": `${balancer}.warmup.aggression`,
})

const given = (form: LoadBalancingForm, names: readonly (typeof keys)[number][]): string[] =>
  names.filter((name) => form.consistentHash?.[name] !== undefined)

function issues(form: LoadBalancingForm): Issue[] {
  const { simple, consistentHash } = form
  if (consistentHash === undefined) return []
  const found: Issue[] = []
  if (simple !== undefined)
    found.push({
      path: "consistentHash",
      message: `the algorithm ${simple} and a consistent hash exclude each other; leave one out`,
    })
  const named = given(form, keys)
  if (named.length !== 1)
    found.push({
      path: "consistentHash",
      message: `a consistent hash wants one key of ${keys.join(", ")}; it has ${named.length === 0 ? "none" : named.join(" and ")}`,
    })
  if (rings.every((ring) => consistentHash[ring] !== undefined))
    found.push({
      path: "consistentHash.maglev",
      message: "ringHash and maglev exclude each other; leave one out",
    })
  return found
}

/** Of a choice only one may stand: what the form sets takes the place of the others as a whole, also of what it cannot show of them. */
function without(policy: Json, form: LoadBalancingForm): Json {
  const { simple, consistentHash } = form
  if (simple !== undefined)
    return ["consistentHash", "backendUtilization"].reduce(
      (left, field) => withoutValue(left, [balancer, field]),
      policy,
    )
  if (consistentHash === undefined) return policy
  const known = record(record(policy[balancer])["consistentHash"])
  const others = keys.filter((key) => consistentHash[key] === undefined && known[key] !== undefined)
  const old = rings.some((ring) => consistentHash[ring] !== undefined) ? ["minimumRingSize"] : []
  return [...others, ...old]
    .map((key) => [balancer, "consistentHash", key])
    .concat([[balancer, "backendUtilization"]])
    .reduce((left, path) => withoutValue(left, path), policy)
}

/** How a client's proxy chooses an endpoint: the load balancer of a DestinationRule's traffic policy. */
export const { read, plan } = policyControl<LoadBalancingForm>({
  control: "load-balancing",
  words: "load balancing",
  fields,
  sections: [balancer],
  issues,
  without,
  warnings: ({ place, before, after }) => failoverWithoutOutlier(place, before, after),
})
