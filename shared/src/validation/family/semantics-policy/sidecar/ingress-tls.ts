import { strings, text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import { isCipherSuite } from "../../../semantic/cipher.ts"
import { protocolClass } from "../../../semantic/port.ts"
import { items } from "../read.ts"
import { ingressTlsIneffective, ingressTlsInvalid } from "./rules.ts"

const lists = ["subjectAltNames", "credentialNames", "tlsCertificates"]

function unsupported(tls: Json): string | undefined {
  if (tls["httpsRedirect"] === true) return "httpsRedirect"
  if (text(tls["credentialName"]) !== "") return "credentialName"
  return lists.find((field) => items(tls[field]).length > 0)
}

/** The file that a mode needs and does not have. */
function missing(tls: Json, mode: string): string | undefined {
  if (mode !== "SIMPLE" && mode !== "MUTUAL" && mode !== "OPTIONAL_MUTUAL") return undefined
  if (text(tls["serverCertificate"]) === "") return "serverCertificate"
  if (text(tls["privateKey"]) === "") return "privateKey"
  return mode !== "SIMPLE" && text(tls["caCertificates"]) === "" ? "caCertificates" : undefined
}

function tlsProblem(tls: Json, protocol: string): string | undefined {
  const field = unsupported(tls)
  if (field !== undefined) return `${field} is for gateways; a Sidecar cannot have it`
  const mode = text(tls["mode"])
  if (mode === "ISTIO_MUTUAL" || mode === "AUTO_PASSTHROUGH")
    return `mode ${mode} is for gateways; a Sidecar cannot have it`
  if (protocolClass(protocol) !== "tls")
    return `the port's protocol is ${protocol === "" ? "not given" : protocol}; TLS settings are for HTTPS and TLS`
  const file = missing(tls, mode)
  if (file !== undefined) return `mode ${mode} needs ${file}`
  return mode === "SIMPLE" && text(tls["caCrl"]) !== ""
    ? "caCrl is for clients' certificates, which SIMPLE does not ask for"
    : undefined
}

const certificates = ["caCrl", "serverCertificate", "privateKey", "caCertificates"]
const old = new Set(["TLSV1_0", "TLSV1_1"])

function ineffective(tls: Json): string | undefined {
  const mode = text(tls["mode"])
  const ciphers = strings(tls["cipherSuites"])
  if (old.has(text(tls["minProtocolVersion"])) && ciphers.length === 0)
    return `${text(tls["minProtocolVersion"])} needs cipherSuites of its time; the default ones have none`
  const unknown = ciphers.find((suite) => !isCipherSuite(suite))
  if (unknown !== undefined) return `${unknown} is no cipher suite that proxies know`
  const twice = ciphers.find((suite, i) => ciphers.indexOf(suite) !== i)
  if (twice !== undefined) return `cipher suite ${twice} is there twice`
  const file =
    mode === "" || mode === "PASSTHROUGH" ? certificates.find((field) => text(tls[field]) !== "") : undefined
  return file === undefined
    ? undefined
    : `mode PASSTHROUGH leaves TLS to the application, so ${file} is not used`
}

export function checkIngressTls(tls: Json, protocol: string, path: string, report: Report): void {
  const problem = tlsProblem(tls, protocol)
  if (problem !== undefined) report(ingressTlsInvalid, { path, message: problem })
  const idle = ineffective(tls)
  if (idle !== undefined) report(ingressTlsIneffective, { path, message: idle })
}
