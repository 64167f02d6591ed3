import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto"
import { isIPv4 } from "node:net"

/** An X.509 certificate with its key, as PEM; `issuer` fields let it sign others. */
export type Certificate = {
  cert: string
  key: string
  subject: Buffer
  keyId: Buffer
  privateKey: KeyObject
}

type Request = { name: string; sans?: string[]; usage?: "server" | "client"; groups?: string[] }

const lengthOf = (n: number): number[] => (n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255])

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body.length)]), body])
}

const sequence = (...parts: Buffer[]) => der(0x30, ...parts)

const identifier = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const septets = [arc & 127]
    for (let value = arc >> 7; value > 0; value >>= 7) septets.unshift((value & 127) | 128)
    bytes.push(...septets)
  }
  return der(0x06, Buffer.from(bytes))
}

const attribute = (type: string, value: string) =>
  der(0x31, sequence(identifier(type), der(0x0c, Buffer.from(value))))

const extension = (id: string, value: Buffer, critical = false) =>
  sequence(identifier(id), ...(critical ? [der(0x01, Buffer.from([255]))] : []), der(0x04, value))

const utcTime = (ms: number) =>
  der(
    0x17,
    Buffer.from(
      `${new Date(ms)
        .toISOString()
        .replace(/[-:T]|\.\d+Z/g, "")
        .slice(2)}Z`,
    ),
  )

const altName = (name: string) =>
  isIPv4(name) ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name))

const pem = (label: string, bytes: Buffer) =>
  `-----BEGIN ${label}-----\n${bytes.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`

const hour = 3_600_000

/** Issues an ECDSA P-256 certificate for 30 days; without `issuer` an authority that signs itself. */
export function issueCertificate(request: Request, issuer?: Certificate): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const spki = publicKey.export({ type: "spki", format: "der" })
  const keyId = createHash("sha1").update(spki).digest()
  const organizations = (request.groups ?? []).map((group) => attribute("2.5.4.10", group))
  const subject = sequence(...organizations, attribute("2.5.4.3", request.name))
  const signer = issuer ?? { subject, keyId, privateKey }
  const algorithm = sequence(identifier("1.2.840.10045.4.3.2"))
  const serial = randomBytes(16)
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40)
  const basic = issuer ? sequence() : sequence(der(0x01, Buffer.from([255])))
  const extensions = [
    extension("2.5.29.19", basic, true),
    extension("2.5.29.15", der(0x03, Buffer.from(issuer ? [7, 0x80] : [1, 0x06])), true),
    extension("2.5.29.14", der(0x04, keyId)),
    extension("2.5.29.35", sequence(der(0x80, signer.keyId))),
  ]
  if (request.usage) {
    const purpose = `1.3.6.1.5.5.7.3.${request.usage === "server" ? 1 : 2}`
    extensions.push(extension("2.5.29.37", sequence(identifier(purpose))))
  }
  if (request.sans) extensions.push(extension("2.5.29.17", sequence(...request.sans.map(altName))))
  const now = Date.now()
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    signer.subject,
    sequence(utcTime(now - hour), utcTime(now + 30 * 24 * hour)),
    subject,
    spki,
    der(0xa3, sequence(...extensions)),
  )
  const signature = sign("sha256", body, signer.privateKey)
  return {
    subject,
    keyId,
    privateKey,
    cert: pem("CERTIFICATE", sequence(body, algorithm, der(0x03, Buffer.from([0]), signature))),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  }
}
