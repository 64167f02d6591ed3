import type { Fields } from "./json.ts"
import { StatusError } from "./status.ts"

type FieldType = "string" | "integer" | "texts" | "map" | "bytesMap" | Message | [Message]
type Message = { [number: number]: [name: string, type: FieldType] }

const metadata: Message = {
  1: ["name", "string"],
  2: ["generateName", "string"],
  3: ["namespace", "string"],
  5: ["uid", "string"],
  6: ["resourceVersion", "string"],
  11: ["labels", "map"],
  12: ["annotations", "map"],
}

const meta: Message = { 1: ["metadata", metadata] }

const resourceAttributes: Message = {
  1: ["namespace", "string"],
  2: ["verb", "string"],
  3: ["group", "string"],
  4: ["version", "string"],
  5: ["resource", "string"],
  6: ["subresource", "string"],
  7: ["name", "string"],
}

const question: Message = {
  1: ["resourceAttributes", resourceAttributes],
  2: ["nonResourceAttributes", { 1: ["path", "string"], 2: ["verb", "string"] }],
}

const rule: Message = {
  1: ["verbs", "texts"],
  2: ["apiGroups", "texts"],
  3: ["resources", "texts"],
  4: ["resourceNames", "texts"],
  5: ["nonResourceURLs", "texts"],
}

const subject: Message = {
  1: ["kind", "string"],
  2: ["apiGroup", "string"],
  3: ["name", "string"],
  4: ["namespace", "string"],
}

const roleRef: Message = { 1: ["apiGroup", "string"], 2: ["kind", "string"], 3: ["name", "string"] }
const binding: Message = { ...meta, 2: ["subjects", [subject]], 3: ["roleRef", roleRef] }
const role: Message = { ...meta, 2: ["rules", [rule]] }

/** What kubectl's own commands (`create`, `auth`) send; field numbers from the generated.proto files of k8s.io/api. */
const kinds: Record<string, Message> = {
  Namespace: meta,
  ServiceAccount: meta,
  ConfigMap: { ...meta, 2: ["data", "map"] },
  Secret: { ...meta, 2: ["data", "bytesMap"], 3: ["type", "string"], 4: ["stringData", "map"] },
  Role: role,
  ClusterRole: role,
  RoleBinding: binding,
  ClusterRoleBinding: binding,
  SelfSubjectReview: meta,
  SelfSubjectAccessReview: { ...meta, 2: ["spec", question] },
  SubjectAccessReview: {
    ...meta,
    2: ["spec", { ...question, 3: ["user", "string"], 4: ["groups", "texts"] }],
  },
  SelfSubjectRulesReview: { ...meta, 2: ["spec", { 1: ["namespace", "string"] }] },
  TokenReview: { ...meta, 2: ["spec", { 1: ["token", "string"], 2: ["audiences", "texts"] }] },
  TokenRequest: {
    ...meta,
    2: ["spec", { 1: ["audiences", "texts"], 4: ["expirationSeconds", "integer"] }],
  },
}

const refuse = (what: string) =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    `the demo cluster does not read ${what} as protobuf; send JSON (kubectl apply -f does)`,
  )

type RawField = { number: number; value: Buffer | number }

/** The fields of a message in order. @throws StatusError 415 when it is cut off */
function* rawFields(bytes: Buffer): Generator<RawField> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw refuse("a message that is cut off")
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = Math.floor(tag / 8)
    if (tag % 8 === 0) {
      yield { number, value: varint() }
    } else if (tag % 8 === 2) {
      const length = varint()
      yield { number, value: bytes.subarray(at, at + length) }
      at += length
    } else throw refuse(`wire type ${tag % 8}`)
  }
}

const append = (list: unknown, item: unknown): unknown[] => [
  ...(Array.isArray(list) ? (list as unknown[]) : []),
  item,
]

function mapEntry(bytes: Buffer, encoding: "utf8" | "base64"): Fields {
  const [key, value] = [...rawFields(bytes)].map((field) => field.value)
  return { [String(key ?? "")]: value instanceof Buffer ? value.toString(encoding) : "" }
}

/** Go writes zeros, empty texts and messages of nothing else too. */
function isEmpty(value: Buffer | number): boolean {
  if (typeof value === "number") return value === 0
  try {
    return rawFields(value).every((field) => isEmpty(field.value))
  } catch (error) {
    if (error instanceof StatusError) return false
    throw error
  }
}

function decode(bytes: Buffer, message: Message, where: string): Fields {
  const fields: Fields = {}
  for (const { number, value } of rawFields(bytes)) {
    const known = message[number]
    if (!known) {
      if (isEmpty(value)) continue
      throw refuse(`field ${number} of ${where}`)
    }
    const [name, type] = known
    const raw = value instanceof Buffer ? value : Buffer.alloc(0)
    const inner = `${where}.${name}`
    if (type === "integer") fields[name] = value
    else if (type === "string") fields[name] = raw.toString()
    else if (type === "texts") fields[name] = append(fields[name], raw.toString())
    else if (type === "map" || type === "bytesMap")
      fields[name] = {
        ...(fields[name] as Fields | undefined),
        ...mapEntry(raw, type === "map" ? "utf8" : "base64"),
      }
    else if (Array.isArray(type)) fields[name] = append(fields[name], decode(raw, type[0], inner))
    else fields[name] = decode(raw, type, inner)
  }
  return fields
}

const magic = "k8s\u0000"

/** An object as kubectl's own commands encode it. @throws StatusError 415 for kinds and fields we have no numbers of */
export function readProtobuf(bytes: Buffer): Fields {
  if (bytes.subarray(0, 4).toString("latin1") !== magic) throw refuse("a body without the k8s prefix")
  const envelope = decode(
    bytes.subarray(4),
    {
      1: ["type", { 1: ["apiVersion", "string"], 2: ["kind", "string"] }],
      2: ["raw", "string"],
      3: ["contentEncoding", "string"],
      4: ["contentType", "string"],
    },
    "the envelope",
  )
  const { apiVersion, kind } = envelope["type"] as Fields
  const message = kinds[String(kind)]
  if (!message) throw refuse(String(kind))
  const raw = [...rawFields(bytes.subarray(4))].find(({ number }) => number === 2)?.value
  return { apiVersion, kind, ...decode(raw instanceof Buffer ? raw : Buffer.alloc(0), message, String(kind)) }
}
