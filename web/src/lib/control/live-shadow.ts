import type { ControlReading } from "#shared/api/change.ts"
import type { RoutingForm } from "#shared/edit/form.ts"
import { shadowedRoutes } from "#shared/edit/route/shadow.ts"
import { rawMatch } from "#shared/edit/route/virtual-service-match.ts"

/** Rules of a form that no request reaches, as validation would find them in what it becomes. */
export const liveShadow = (
  form: RoutingForm,
  { namespace, name }: { namespace: string; name: string },
): ControlReading["shadowed"] =>
  shadowedRoutes({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { namespace, name },
    spec: {
      hosts: form.hosts ?? [name],
      ...(form.gateways ? { gateways: form.gateways } : {}),
      http: form.http.map((rule) => ({
        ...(rule.name === undefined ? {} : { name: rule.name }),
        ...(rule.matches.length === 0 ? {} : { match: rule.matches.map(rawMatch) }),
      })),
    },
  })
