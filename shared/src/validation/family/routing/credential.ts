import { type Json, list, record, strings, text } from "../../../topology/fact/read.ts"
import { bytesOf, firstBlock, isCertificateFor, readCertificate } from "../../certificate/certificate.ts"
import { type Report, type View, check } from "../../check.ts"
import { clientsOfGateway } from "./client.ts"
import { nameOf } from "./gateway-certificate.ts"
import {
  certificateExpired,
  certificateExpiring,
  certificateHosts,
  credentialInvalid,
  credentialUnknown,
  credentialWithoutAuthority,
} from "./gateway-object-rules.ts"
import { gatewayKind } from "./kinds.ts"

const day = 86_400_000
/** Sooner than renewal by cert-manager (a third of the lifetime, of 90 days mostly) is late. */
const soonMs = 14 * day

const schemes = ["kubernetes://", "kubernetes-gateway://"]

/** The Secret a credentialName means in the namespace of the gateway's pods; undefined: it names something else. Source: pilot `ParseResourceName`. */
function secretOf(credential: string, namespace: string): { namespace: string; name: string } | undefined {
  const scheme = schemes.find((prefix) => credential.startsWith(prefix))
  if (scheme === undefined && credential.includes("://")) return undefined
  const [first = "", second] = credential.slice(scheme?.length ?? 0).split("/")
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second }
}

/** Text under the first of the keys that is there. `stringData` is only how Secrets are written: what is stored has none. */
function dataOf(secret: Json, keys: readonly string[]): string | undefined {
  const data = record(secret["data"])
  for (const name of keys) {
    const value = text(data[name])
    if (value === "") continue
    const bytes = bytesOf(value)
    if (bytes === undefined) return ""
    let decoded = ""
    for (const byte of bytes) decoded += String.fromCharCode(byte)
    return decoded
  }
  return undefined
}

/** Certificate and key have to be a pair of either form. Source: pilot `ExtractCertInfo`. */
function certificateIn(secret: Json): string | undefined {
  for (const [certificate, privateKey] of [
    ["cert", "key"],
    ["tls.crt", "tls.key"],
  ] as const)
    if (dataOf(secret, [privateKey]) !== undefined) {
      const found = dataOf(secret, [certificate])
      if (found !== undefined) return found
    }
  return undefined
}

type Subject = { view: View; server: Json; path: string; report: Report }
type Place = { namespace: string; name: string }

const secretReference = ({ namespace, name }: Place) => [
  { object: { kind: "Secret", namespace, name }, path: "data" },
]

function missing({ view, report, path }: Subject, { namespace, name }: Place, gateway: string): void {
  // Files mostly leave Secrets out: where there is none at all, one that is missing is a matter to look at, not to fail for.
  const others = view.inNamespace("Secret", namespace)
  const here = gateway !== namespace && view.get("Secret", gateway, name) !== undefined
  report(credentialUnknown, {
    path,
    level: others.length === 0 ? "warning" : "error",
    message: `There is no Secret ${name} in ${namespace === "" ? "the namespace" : namespace} of the gateway's pods${here ? `; the one in ${gateway} is not read` : others.length === 0 ? ", nor any other" : ""}`,
  })
}

function valid({ view, server, report, path }: Subject, secret: Json, at: Place): void {
  const pem = certificateIn(secret)
  const references = secretReference(at)
  const { stringData } = secret
  const label = `Secret ${at.namespace === "" ? at.name : `${at.namespace}/${at.name}`}`
  if (pem === undefined) {
    if (Object.keys(record(stringData)).length > 0) {
      report(credentialInvalid, {
        path,
        level: "info",
        message: `${label} is written with stringData, which only the API server reads; what comes of it is not seen here`,
        references,
      })
      return
    }
    const keys = Object.keys(record(secret["data"])).sort()
    const has = keys.length === 0 ? "no data" : keys.slice(0, 4).join(", ")
    report(credentialInvalid, {
      path,
      message: `${label} has ${has}, and not tls.crt with tls.key, or cert with key`,
      references,
    })
    return
  }
  const der = firstBlock(pem)
  const certificate = der && readCertificate(der)
  if (certificate === undefined) {
    report(credentialInvalid, { path, message: `${label} holds no certificate that can be read`, references })
    return
  }
  const { notBefore, notAfter, dnsNames } = certificate
  const now = view.now()
  if (now !== undefined) {
    const until = new Date(notAfter).toISOString().slice(0, 10)
    if (now > notAfter)
      report(certificateExpired, {
        path,
        message: `The certificate in ${label} expired on ${until}`,
        references,
      })
    else if (now < notBefore) {
      const from = new Date(notBefore).toISOString().slice(0, 10)
      report(certificateExpired, {
        path,
        message: `The certificate in ${label} is valid from ${from} on`,
        references,
      })
    } else if (notAfter - now < soonMs)
      report(certificateExpiring, {
        path,
        message: `The certificate in ${label} expires on ${until}`,
        references,
      })
  }
  if (dnsNames !== null && dnsNames.length > 0) named(server, dnsNames, { report, path, label, references })
}

type Saying = { report: Report; path: string; label: string; references: ReturnType<typeof secretReference> }

function named(server: Json, names: readonly string[], { report, path, label, references }: Saying): void {
  const wrong = strings(server["hosts"])
    .map((host) => host.slice(host.indexOf("/") + 1))
    .filter((host) => host !== "*" && !isCertificateFor(names, host))
    // A wildcard of a server is wider than any name; one name within it is enough.
    .filter(
      (host) => !host.startsWith("*.") || !names.some((name) => name.toLowerCase().endsWith(host.slice(1))),
    )
  if (wrong.length === 0) return
  report(certificateHosts, {
    path,
    message: `The certificate in ${label} is for ${names.slice(0, 5).join(", ")}, not for ${wrong.join(", ")}`,
    references,
  })
}

function authority({ view, server, report, path }: Subject, secret: Json, at: Place): void {
  const mode = text(record(server["tls"])["mode"])
  if (mode !== "MUTUAL" && mode !== "OPTIONAL_MUTUAL") return
  const keys = ["cacert", "ca.crt"]
  if (dataOf(secret, keys) !== undefined) return
  const other = view.get("Secret", at.namespace, `${at.name}-cacert`)
  if (other !== undefined && dataOf(other, keys) !== undefined) return
  report(credentialWithoutAuthority, {
    path,
    message: `Secret ${at.name} has no ca.crt, and there is no Secret ${at.name}-cacert with one`,
    references: secretReference(at),
  })
}

function credentialsOf(tls: Json, index: number): { credential: string; path: string }[] {
  const path = `spec.servers[${index}].tls`
  const single = text(tls["credentialName"])
  if (single !== "") return [{ credential: single, path: `${path}.credentialName` }]
  return strings(tls["credentialNames"]).map((credential, at) => ({
    credential,
    path: `${path}.credentialNames[${at}]`,
  }))
}

export const gatewayCredentials = check({
  name: "gateway/credentials",
  subject: gatewayKind,
  reads: [gatewayKind, "Pod", "Secret"],
  needs: ["Pod", "Secret"],
  rules: [
    credentialUnknown,
    credentialInvalid,
    credentialWithoutAuthority,
    certificateExpired,
    certificateExpiring,
    certificateHosts,
  ],
  run: (object, view, report) => {
    for (const [index, entry] of list(record(object["spec"])["servers"]).entries()) {
      const server = record(entry)
      for (const { credential, path } of credentialsOf(record(server["tls"]), index)) {
        const clients = view.derive(clientsOfGateway, nameOf(object)).filter(({ known }) => known)
        for (const namespace of new Set(clients.map((client) => client.namespace))) {
          const at = secretOf(credential, namespace)
          if (at === undefined) continue
          const secret = view.get("Secret", at.namespace, at.name)
          const subject = { view, server, path, report }
          if (secret === undefined) missing(subject, at, object.metadata.namespace ?? "")
          else {
            valid(subject, secret, at)
            authority(subject, secret, at)
          }
        }
      }
    }
  },
})
