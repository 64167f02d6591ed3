import { type Value, isObjectId, textIn, timeIn, valueAt, valuesIn } from "./der.ts"

/** What matters of an X.509 certificate here; times in milliseconds since 1970. Signatures are not checked. Source: RFC 5280. */
export type Certificate = {
  notBefore: number
  notAfter: number
  /** Names it is for, as written (`*.example.com`); null: it has no such list. */
  dnsNames: readonly string[] | null
}

const sequence = 0x30
const version = 0xa0
const extensions = 0xa3
const octets = 0x04
const dnsName = 0x82
/** 2.5.29.17 */
const subjectAltName = [0x55, 0x1d, 0x11]

function namesIn(extension: Value): string[] | undefined {
  const content = valuesIn(extension)?.at(-1)
  if (content?.tag !== octets) return undefined
  const names = valueAt(content.bytes, content.start, content.end)
  if (names?.tag !== sequence) return undefined
  return valuesIn(names)
    ?.filter(({ tag }) => tag === dnsName)
    .map(textIn)
}

function dnsNamesOf(fields: readonly Value[]): string[] | null {
  const wrapped = fields.find(({ tag }) => tag === extensions)
  const all = wrapped && valueAt(wrapped.bytes, wrapped.start, wrapped.end)
  for (const extension of (all && valuesIn(all)) ?? []) {
    const id = valueAt(extension.bytes, extension.start, extension.end)
    if (id !== undefined && isObjectId(id, subjectAltName)) return namesIn(extension) ?? null
  }
  return null
}

/** Reads the DER of a certificate; undefined when it is none. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  const whole = valueAt(der, 0)
  const signed = whole?.tag === sequence ? valueAt(der, whole.start, whole.end) : undefined
  const fields = signed?.tag === sequence ? valuesIn(signed) : undefined
  if (fields === undefined) return undefined
  // Version is the one that may be left out; then come serial number, algorithm, issuer, validity.
  const validity = fields[fields[0]?.tag === version ? 4 : 3]
  const [from, to] = (validity?.tag === sequence && valuesIn(validity)) || []
  const notBefore = from && timeIn(from)
  const notAfter = to && timeIn(to)
  if (notBefore === undefined || notAfter === undefined) return undefined
  return { notBefore, notAfter, dnsNames: dnsNamesOf(fields) }
}

/** Bytes of base64, also with line breaks; undefined when it is none. */
export function bytesOf(base64: string): Uint8Array | undefined {
  try {
    const text = atob(base64.replace(/\s+/g, ""))
    const bytes = new Uint8Array(text.length)
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
    return bytes
  } catch {
    return undefined
  }
}

const begin = "-----BEGIN "

/** The DER of the first PEM block of a text; undefined when there is none. */
export function firstBlock(pem: string): Uint8Array | undefined {
  const from = pem.indexOf(begin)
  const header = pem.indexOf("-----", from + begin.length)
  if (from < 0 || header < 0) return undefined
  const label = pem.slice(from + begin.length, header)
  const end = pem.indexOf(`-----END ${label}-----`, header)
  return end < 0 ? undefined : bytesOf(pem.slice(header + 5, end))
}

/** Whether a name a certificate is for takes a host: the same, or a `*` in place of its first part. Source: RFC 6125, 6.4.3. */
export function isCertificateFor(names: readonly string[], host: string): boolean {
  const wanted = host.toLowerCase()
  return names.some((written) => {
    const name = written.toLowerCase()
    if (name === wanted) return true
    return (
      name.startsWith("*.") && wanted.includes(".") && wanted.slice(wanted.indexOf(".")) === name.slice(1)
    )
  })
}
