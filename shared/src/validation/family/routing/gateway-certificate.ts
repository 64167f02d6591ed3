import { key } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { type Json, list, number, record, strings, text } from "../../../topology/fact/read.ts"
import { check, index } from "../../check.ts"
import { selectorOfGateway } from "./client.ts"
import { certificateShared } from "./gateway-object-rules.ts"
import { gatewayKind } from "./kinds.ts"

/** What makes two servers use one certificate: the name of a Secret, or the same files. */
export function certificateOf(server: Json): string {
  const tls = record(server["tls"])
  const mode = text(tls["mode"])
  if (mode === "PASSTHROUGH" || mode === "AUTO_PASSTHROUGH" || mode === "ISTIO_MUTUAL") return ""
  const name = text(tls["credentialName"])
  if (name !== "") return `secret ${name}`
  const [certificate, privateKey] = [text(tls["serverCertificate"]), text(tls["privateKey"])]
  return certificate === "" || privateKey === "" ? "" : `files ${certificate} ${privateKey}`
}

const portOf = (server: Json): number => number(record(server["port"])["number"])

const byCertificate = index({
  name: "routing/gateways by certificate",
  kind: gatewayKind,
  keysOf: (object) =>
    list(record(object["spec"])["servers"])
      .map((entry) => {
        const server = record(entry)
        const certificate = certificateOf(server)
        return certificate === "" ? "" : `${portOf(server)} ${certificate}`
      })
      .filter((id) => id !== ""),
})

function isWithin(wide: Readonly<Record<string, string>>, narrow: Readonly<Record<string, string>>): boolean {
  for (const label in wide) if (narrow[label] !== wide[label]) return false
  return true
}

/** Whether a finding of both is to stand here: at the wider selector, and at both where they select alike. */
const runsWith = (object: KubeObject, other: KubeObject): boolean =>
  isWithin(selectorOfGateway(object), selectorOfGateway(other))

export const gatewayCertificates = check({
  name: "gateway/certificates",
  subject: gatewayKind,
  reads: [gatewayKind],
  rules: [certificateShared],
  run: (object, view, report) => {
    for (const [at, entry] of list(record(object["spec"])["servers"]).entries()) {
      const server = record(entry)
      const certificate = certificateOf(server)
      if (certificate === "") continue
      const others = view.find(byCertificate, `${portOf(server)} ${certificate}`)
      if (others.length < 2) continue
      const same = others.filter((other) => other !== object && runsWith(object, other))
      if (same.length === 0) continue
      report(certificateShared, {
        path: `spec.servers[${at}].tls`,
        message: `${same.map((other) => named(refOf(other))).join(", ")} has the certificate of ${strings(server["hosts"]).join(", ")} on port ${portOf(server)} as well`,
        references: same.map((other) => ({ object: refOf(other), path: "spec.servers" })),
      })
    }
  },
})

/** `namespace/name` of a Gateway. */
export const nameOf = ({ metadata }: KubeObject): string => key(metadata.namespace ?? "", metadata.name)
