import type { KubeObject } from "../../../kube/object.ts"
import { type Json, list, record, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { similar } from "../services/words.ts"
import { isGranted } from "./grant.ts"
import { gatewayKind, referenceGrantKind } from "./kinds.ts"

const source = "https://gateway-api.sigs.k8s.io/guides/tls/"

export const certificateNotGranted = rule({
  code: "kubernetesgateway.certificate_not_granted",
  aliases: [],
  level: "error",
  title: "Gateway uses a certificate of another namespace without a ReferenceGrant",
  effect: "The listener has no certificate and does not answer",
  remedy: "Create a ReferenceGrant in the Secret's namespace, or move the Secret",
  source: "https://gateway-api.sigs.k8s.io/api-types/referencegrant/",
})
export const certificateUnknown = rule({
  code: "kubernetesgateway.certificate_unknown",
  aliases: ["IST0101"],
  level: "error",
  title: "Gateway uses a certificate that is not there",
  effect: "The listener has no certificate and does not answer",
  remedy: "Create the Secret, or correct its name",
  source,
})
export const certificateKind = rule({
  code: "kubernetesgateway.certificate_kind",
  aliases: [],
  level: "error",
  title: "Gateway takes its certificate from what cannot hold one",
  effect: "The listener is not programmed",
  remedy: "Use a Secret; for the authorities of clients a ConfigMap or a Secret",
  source,
})

type Certificate = { ref: Json; path: string; kinds: readonly string[] }

const references = (refs: unknown, path: string, kinds: readonly string[]): Certificate[] =>
  list(refs).map((ref, index) => ({ ref: record(ref), path: at(path, index), kinds }))

/** All certificates a Gateway refers to: of servers, of clients' authorities, and its own as a client. */
function certificatesOf(gateway: KubeObject): Certificate[] {
  const spec = record(gateway["spec"])
  const found = list(spec["listeners"]).flatMap((listener, index) =>
    references(
      record(record(listener)["tls"])["certificateRefs"],
      at("spec", "listeners", index, "tls", "certificateRefs"),
      ["Secret"],
    ),
  )
  const tls = record(spec["tls"])
  if (spec["tls"] === undefined) return found
  const frontend = record(tls["frontend"])
  const validation = record(record(frontend["default"])["validation"])
  const client = record(tls["backend"])["clientCertificateRef"]
  return [
    ...found,
    ...references(
      validation["caCertificateRefs"],
      at("spec", "tls", "frontend", "default", "validation", "caCertificateRefs"),
      ["ConfigMap", "Secret"],
    ),
    ...(client === undefined
      ? []
      : [
          {
            ref: record(client),
            path: at("spec", "tls", "backend", "clientCertificateRef"),
            kinds: ["Secret"],
          },
        ]),
  ]
}

const targetOf = ({ ref }: Certificate, own: string) => ({
  group: text(ref["group"]),
  kind: text(ref["kind"]) || "Secret",
  namespace: text(ref["namespace"]) || own,
  name: text(ref["name"]),
})

const isKind = ({ kinds }: Certificate, to: { group: string; kind: string }): boolean =>
  to.group === "" && kinds.includes(to.kind)

export const gatewayCertificates = check({
  name: "kubernetesgateway/certificates",
  subject: gatewayKind,
  reads: [referenceGrantKind],
  rules: [certificateNotGranted, certificateKind],
  run: (gateway, view, report) => {
    const own = gateway.metadata.namespace ?? ""
    for (const certificate of certificatesOf(gateway)) {
      const to = targetOf(certificate, own)
      const { path } = certificate
      if (!isKind(certificate, to))
        report(certificateKind, {
          path: `${path}.kind`,
          message: `${to.kind}${to.group === "" ? "" : `.${to.group}`} holds no certificate`,
        })
      else if (to.namespace !== own && !isGranted(view, { from: { kind: "Gateway", namespace: own }, to }))
        report(certificateNotGranted, {
          path: `${path}.namespace`,
          message: `no ReferenceGrant of namespace ${to.namespace} lets Gateways of ${own} use ${to.kind} ${to.name}`,
        })
    }
  },
})

function checkThere(gateway: KubeObject, view: View, report: Report): void {
  const own = gateway.metadata.namespace ?? ""
  for (const certificate of certificatesOf(gateway)) {
    const to = targetOf(certificate, own)
    if (to.kind !== "Secret" || !isKind(certificate, to)) continue
    if (to.name === "" || view.get("Secret", to.namespace, to.name)) continue
    const names = similar(
      to.name,
      view.inNamespace("Secret", to.namespace).map(({ metadata }) => metadata.name),
    )
    report(certificateUnknown, {
      path: `${certificate.path}.name`,
      message: `there is no Secret ${to.namespace}/${to.name}${names.length > 0 ? `; there is ${names.join(", ")}` : ""}`,
    })
  }
}

/** Apart from the others, as secrets are what may not be read most often. */
export const gatewaySecrets = check({
  name: "kubernetesgateway/secrets",
  subject: gatewayKind,
  reads: ["Secret"],
  needs: ["Secret"],
  rules: [certificateUnknown],
  run: checkThere,
})
