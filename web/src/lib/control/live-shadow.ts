import type { ControlReading } from "#shared/api/change.ts"
import type { HttpRule, RoutingForm } from "#shared/edit/form.ts"
import { reportReachability } from "#shared/validation/family/semantics-traffic/virtual-service/reachability.ts"
import { unreachable } from "#shared/validation/family/semantics-traffic/virtual-service/rules.ts"

type Shadow = ControlReading["shadowed"][number]

/** A header that only has to be there is written as one without a comparison. */
const written = (matches: Readonly<Record<string, object>> | undefined): object | undefined =>
  matches &&
  Object.fromEntries(Object.entries(matches).map(([name, match]) => [name, "present" in match ? {} : match]))

const matchesOf = ({ matches }: HttpRule): object[] =>
  matches.map(({ origin: _, headers, withoutHeaders, queryParams, ...match }) => ({
    ...match,
    ...(headers ? { headers: written(headers) } : {}),
    ...(withoutHeaders ? { withoutHeaders: written(withoutHeaders) } : {}),
    ...(queryParams ? { queryParams: written(queryParams) } : {}),
  }))

/** Rules of a form that no request reaches, as validation would find them in what it becomes. */
export function liveShadow(
  form: RoutingForm,
  { namespace, name }: { namespace: string; name: string },
): Shadow[] {
  const found: Shadow[] = []
  const object = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { namespace, name },
    spec: {
      hosts: form.hosts ?? [name],
      ...(form.gateways ? { gateways: form.gateways } : {}),
      http: form.http.map((rule) => ({
        ...(rule.name === undefined ? {} : { name: rule.name }),
        ...(rule.matches.length === 0 ? {} : { match: matchesOf(rule) }),
      })),
    },
  }
  const placeIn = (path: string | undefined): number | null => {
    const at = /^spec\.http\[(\d+)\]/.exec(path ?? "")?.[1]
    return at === undefined ? null : Number(at)
  }
  reportReachability(object, (rule, { path, message, references = [] }) => {
    const at = placeIn(path)
    if (rule === unreachable && at !== null)
      found.push({ rule: at, by: placeIn(references[0]?.path), message })
  })
  return found
}
