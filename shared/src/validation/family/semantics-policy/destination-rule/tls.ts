import { text, type Json } from "../../../../topology/fact/read.ts"
import type { Report } from "../../../check.ts"
import type { Level } from "../../../finding.ts"
import { items } from "../read.ts"
import { portTlsUnverified, tlsInvalid, tlsUnverified } from "./rules.ts"

export type TlsPlace = {
  namespace: string
  /** The host of the rule, with the port where it is about one. */
  target: string
  path: string
  isPort: boolean
  hasSelector: boolean
  report: Report
}

const configMap = "configmap://"

function configMapProblem(name: string, namespace: string): string | undefined {
  const [from = "", key = ""] = name.slice(configMap.length).split("/")
  if (from === "" || key === "") return `${name} is not of the form configmap://namespace/name`
  return from === namespace && namespace !== ""
    ? undefined
    : `${name} is in another namespace than the rule, which is in ${namespace === "" ? "none" : namespace}`
}

/** Fields beside insecureSkipVerify that say how to verify. */
function verified(tls: Json, mode: string): string | undefined {
  if (text(tls["caCertificates"]) !== "") return "caCertificates"
  if (mode === "SIMPLE" && text(tls["credentialName"]) !== "") return "credentialName"
  return items(tls["subjectAltNames"]).length > 0 ? "subjectAltNames" : undefined
}

const files = ["clientCertificate", "privateKey", "caCertificates", "caCrl"]

/** Source: istio `ValidateTLS`. */
function tlsProblem(tls: Json, mode: string, namespace: string): string | undefined {
  const credential = text(tls["credentialName"])
  const elsewhere = credential.startsWith(configMap) ? configMapProblem(credential, namespace) : undefined
  if (elsewhere !== undefined) return elsewhere
  const external = mode === "SIMPLE" || mode === "MUTUAL"
  const skipped = external && tls["insecureSkipVerify"] === true ? verified(tls, mode) : undefined
  if (skipped !== undefined) return `insecureSkipVerify verifies nothing, so ${skipped} cannot be set with it`
  if (!external) return undefined
  if (credential !== "") {
    const file = files.find((field) => text(tls[field]) !== "")
    return file === undefined
      ? undefined
      : `credentialName ${credential} brings all certificates, so ${file} cannot be set with it`
  }
  const missing = mode === "MUTUAL" ? files.slice(0, 2).find((field) => text(tls[field]) === "") : undefined
  return missing === undefined ? undefined : `mode MUTUAL needs ${missing}, or a credentialName`
}

function unverified(
  tls: Json,
  { target, hasSelector }: TlsPlace,
): { message: string; level: Level } | undefined {
  if (text(tls["caCertificates"]) !== "") return undefined
  if (tls["insecureSkipVerify"] === true)
    return { level: "warning", message: `insecureSkipVerify lets anybody stand in for ${target}` }
  const credential = text(tls["credentialName"])
  if (credential !== "" && (hasSelector || credential.startsWith(configMap))) return undefined
  return credential === ""
    ? {
        level: "info",
        message: `no CA is named for ${target}, so its certificate must come from a CA that the proxy's system trusts`,
      }
    : {
        level: "warning",
        message: `credentialName ${credential} counts at gateways only while the rule has no workloadSelector, so sidecars send plain text to ${target}`,
      }
}

export function checkTls(tls: Json, place: TlsPlace): void {
  const mode = text(tls["mode"])
  const problem = tlsProblem(tls, mode, place.namespace)
  if (problem !== undefined) place.report(tlsInvalid, { path: place.path, message: problem })
  if (mode !== "SIMPLE" && mode !== "MUTUAL") return
  const found = unverified(tls, place)
  if (found !== undefined)
    place.report(place.isPort ? portTlsUnverified : tlsUnverified, { path: place.path, ...found })
}
