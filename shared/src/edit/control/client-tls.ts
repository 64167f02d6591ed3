import { text } from "../../topology/fact/read.ts"
import { instancesOf } from "../../istio/endpoints.ts"
import { peerAuthenticationFor } from "../../istio/peer-authentication.ts"
import { named } from "../../istio/reason.ts"
import type { Instance } from "../../istio/instance.ts"
import { isSubset } from "../../istio/mesh.ts"
import type { ServicePort } from "../../istio/registry.ts"
import { containerPort } from "../../validation/family/security/peer-authentication.ts"
import { ClientTlsForm } from "../form.ts"
import type { Issue } from "../invalid.ts"
import type { Warning } from "../plan.ts"
import { type Told, policyControl } from "../policy/control.ts"
import { fieldsOf } from "../policy/fields.ts"
import { type Place, serviceOf } from "../policy/place.ts"
import type { World } from "../world.ts"

const names = [
  "mode",
  "sni",
  "credentialName",
  "clientCertificate",
  "privateKey",
  "caCertificates",
  "subjectAltNames",
  "insecureSkipVerify",
] as const

const fields = fieldsOf(ClientTlsForm, Object.fromEntries(names.map((name) => [name, `tls.${name}`])))

/** What a mode takes beside itself. Source: istio.io, ClientTLSSettings. */
const taken: Readonly<Record<ClientTlsForm["mode"], readonly string[]>> = {
  DISABLE: [],
  ISTIO_MUTUAL: ["sni", "subjectAltNames"],
  SIMPLE: ["sni", "credentialName", "caCertificates", "subjectAltNames", "insecureSkipVerify"],
  MUTUAL: names,
}

const issues = (form: ClientTlsForm): Issue[] =>
  names
    .filter((name) => name !== "mode" && form[name] !== undefined && !taken[form.mode].includes(name))
    .map((name) => ({ path: name, message: `mode ${form.mode} takes no ${name}; leave it out` }))

/** What one server has against a mode of its clients. */
function objection(world: World, place: Place, { instance, port, mode }: Call): Warning | undefined {
  const asked = instance.sidecar
    ? peerAuthenticationFor(world.mesh, instance, containerPort(port, instance))
    : undefined
  const policy = asked?.reasons[0]?.object
  const says = policy === undefined ? "" : `, as ${named(policy)} says`
  if (mode !== "ISTIO_MUTUAL")
    return asked?.mode === "STRICT"
      ? {
          code: "client_tls.refused",
          message: `Clients that do ${mode} would be refused: pods of ${serviceOf(place)} take only mutual TLS${says}`,
        }
      : undefined
  if (asked === undefined)
    return {
      code: "client_tls.no_mutual_tls",
      message: `${instance.name} has no proxy and does not speak mutual TLS: calls to it would fail`,
    }
  return asked.mode === "DISABLE"
    ? {
        code: "client_tls.no_mutual_tls",
        message: `Pods of ${serviceOf(place)} take plain text only${says}: calls to them would fail`,
      }
    : undefined
}

type Call = { instance: Instance; port: ServicePort; mode: string }

/** What the servers ask of their clients, where that is another thing than the clients are told; once of each kind. */
function refused({ place, after, world }: Told): Warning[] {
  const mode = text(after.tls?.["mode"])
  if (mode === "") return []
  const { service } = place.target
  const ports = service.ports.filter(
    ({ number }) => place.scope.port === undefined || number === place.scope.port,
  )
  const found = instancesOf(world.mesh, service)
    .filter(({ labels }) => isSubset(place.version?.labels ?? {}, labels))
    .flatMap((instance) => ports.map((port) => objection(world, place, { instance, port, mode }) ?? []))
    .flat()
  return [...new Map(found.map((warning) => [warning.code, warning])).values()]
}

/** How clients connect: TLS of a DestinationRule's traffic policy. */
export const { read, plan } = policyControl<ClientTlsForm>({
  control: "client-tls",
  words: "client TLS",
  fields,
  sections: ["tls"],
  issues,
  without: (policy) => policy,
  warnings: refused,
})
