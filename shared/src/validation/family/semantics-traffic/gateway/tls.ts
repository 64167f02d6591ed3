import { type Json, list, record } from "../../../../topology/fact/read.ts"
import { type Say, isSet, removal } from "../say.ts"
import { certificates as invalid, doubtful } from "./rules.ts"

/** Source: BoringSSL, `bssl ciphers -openssl-name ALL` without PSK; istio pkg/config/security. */
const ciphers = new Set(
  (
    "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 " +
    "ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA " +
    "ECDHE-ECDSA-AES256-SHA ECDHE-RSA-AES256-SHA AES128-GCM-SHA256 AES256-GCM-SHA384 AES128-SHA AES256-SHA DES-CBC3-SHA"
  ).split(" "),
)

/** Operators (`-A+B`) and `ALL` are let through. */
const isCipher = (name: string): boolean =>
  name === "" || name === "ALL" || !/^[\p{L}\p{N}]/u.test(name) || ciphers.has(name)

function sayCiphers(tls: Json, path: string, say: Say): void {
  const suites = list(tls["cipherSuites"])
  const { minProtocolVersion } = tls
  if (suites.length === 0) {
    if (minProtocolVersion === "TLSV1_0" || minProtocolVersion === "TLSV1_1")
      say(
        doubtful,
        `${path}.minProtocolVersion`,
        `${minProtocolVersion} needs cipherSuites that suit it; the default ones do not`,
      )
    return
  }
  for (let i = 0; i < suites.length; i++) {
    const suite = suites[i]
    if (typeof suite !== "string") continue
    const place = `${path}.cipherSuites[${i}]`
    if (!isCipher(suite))
      say(
        doubtful,
        place,
        `${suite} is no cipher suite, and is left out`,
        removal("Remove the cipher suite", place),
      )
    else if (suites.indexOf(suite) < i)
      say(doubtful, place, `${suite} is there twice`, removal("Remove the repetition", place))
  }
}

const files = ["serverCertificate", "privateKey", "caCertificates"] as const

const namedSources = (tls: Json): string[] => [
  ...["credentialName"].filter((field) => isSet(tls[field])),
  ...["credentialNames", "tlsCertificates"].filter((field) => list(tls[field]).length > 0),
]

function sayIstioMutual(tls: Json, path: string, say: Say): void {
  for (const field of [...files.filter((name) => isSet(tls[name])), ...namedSources(tls)])
    say(
      invalid,
      `${path}.${field}`,
      `ISTIO_MUTUAL uses the proxy's own certificates, so there must be no ${field}`,
    )
}

function sayFiles(tls: Json, mode: string, path: string, say: Say): void {
  const pairs = list(tls["tlsCertificates"])
  if (mode !== "SIMPLE" && !isSet(tls["caCertificates"]))
    say(invalid, path, `${mode} needs caCertificates or a credentialName to check clients with`)
  if (pairs.length > 2)
    say(doubtful, `${path}.tlsCertificates`, `${mode} takes up to 2 certificates, there are ${pairs.length}`)
  const places =
    pairs.length > 0
      ? pairs.map((pair, i) => [record(pair), `${path}.tlsCertificates[${i}]`] as const)
      : [[tls, path] as const]
  for (const [pair, place] of places) {
    if (!isSet(pair["serverCertificate"]))
      say(invalid, place, `${mode} needs a serverCertificate, or a credentialName`)
    if (!isSet(pair["privateKey"])) say(invalid, place, `${mode} needs a privateKey, or a credentialName`)
  }
}

function sayRevocations(tls: Json, mode: string, path: string, say: Say): void {
  if (!isSet(tls["caCrl"])) return
  if (isSet(tls["credentialName"]))
    say(invalid, `${path}.caCrl`, "with a credentialName the CRL is taken from its secret, not from here")
  if (mode === "SIMPLE") say(invalid, `${path}.caCrl`, "SIMPLE checks no clients, so a CRL has no effect")
}

const passing = new Set(["PASSTHROUGH", "AUTO_PASSTHROUGH"])
const terminating = new Set(["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"])

/** The mode of a server; what it says nothing of is passed through. */
export const modeOf = (tls: Json): string => (isSet(tls["mode"]) ? tls["mode"] : "PASSTHROUGH")

/** Whether the connection goes through unopened. */
export const passesThrough = (tls: Json): boolean => passing.has(modeOf(tls))

/** Whether any certificate or key is named. */
export const hasFiles = (tls: Json): boolean => files.some((field) => isSet(tls[field]))

/** Certificates, modes and ciphers of one server. Source: istio `validateTLSOptions`. */
export function sayTls(tls: Json, path: string, say: Say): void {
  const mode = modeOf(tls)
  sayCiphers(tls, path, say)
  if (mode === "ISTIO_MUTUAL") {
    sayIstioMutual(tls, path, say)
    return
  }
  const sources = namedSources(tls)
  if (passing.has(mode)) {
    const unused = [
      ...files.filter((field) => isSet(tls[field])),
      ...sources,
      ...(isSet(tls["caCrl"]) ? ["caCrl"] : []),
    ]
    if (unused.length > 0)
      say(doubtful, path, `${mode} uses no certificates; ${unused.join(", ")} has no effect`)
  }
  if (isSet(tls["serverCertificate"]) && isSet(tls["privateKey"]))
    sources.push("serverCertificate and privateKey")
  if (sources.length > 1)
    say(invalid, path, `only one source of certificates may be set, there are ${sources.join(", ")}`)
  const fromSecrets = isSet(tls["credentialName"]) || list(tls["credentialNames"]).length > 0
  if (terminating.has(mode)) {
    if (fromSecrets) {
      if (isSet(tls["caCrl"]))
        say(
          doubtful,
          `${path}.caCrl`,
          "with a credentialName the CRL is taken from its secret, not from here",
        )
      return
    }
    sayFiles(tls, mode, path, say)
  }
  sayRevocations(tls, mode, path, say)
}
