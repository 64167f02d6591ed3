import { parse, YAMLParseError } from "yaml"
import { isFields, type Fields } from "./json.ts"
import { readProtobuf } from "./protobuf.ts"
import { badRequest, unsupportedMedia } from "./status.ts"

const objectTypes = ["application/json", "application/yaml"]

/** Ways to patch by content type. */
export const patchTypes: Record<string, "json" | "merge" | "strategic" | "apply"> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
}

const mediaType = (header: string | undefined): string => (header ?? "").split(";")[0]?.trim() ?? ""

/** JSON, or YAML where it is allowed. @throws StatusError 400 */
function decode(text: string, isYaml: boolean): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    if (!isYaml) throw badRequest(`the body is not JSON: ${error.message}`)
  }
  try {
    return parse(text, { maxAliasCount: 100 })
  } catch (error) {
    if (error instanceof YAMLParseError || error instanceof ReferenceError)
      throw badRequest(`error decoding YAML: ${error.message}`)
    throw error
  }
}

/** An object that is posted or put. @throws StatusError 400, 415 */
export function readObject(contentType: string | undefined, bytes: Buffer): Fields {
  const type = mediaType(contentType)
  if (type === "application/vnd.kubernetes.protobuf") return readProtobuf(bytes)
  // the real API takes a body without a type as JSON
  if (type !== "" && !objectTypes.includes(type)) throw unsupportedMedia(type, objectTypes)
  const body = decode(bytes.toString(), type === "application/yaml")
  if (!isFields(body)) throw badRequest("the body must be an object")
  return body
}

export type PatchBody = { how: "json" | "merge" | "strategic" | "apply"; patch: unknown }

/** A patch with its way. @throws StatusError 400, 415 */
export function readPatch(
  contentType: string | undefined,
  bytes: Buffer,
  accepted: readonly string[],
): PatchBody {
  const type = mediaType(contentType)
  const how = patchTypes[type]
  if (!how || !accepted.includes(type)) throw unsupportedMedia(type, [...accepted])
  return { how, patch: decode(bytes.toString(), how === "apply") }
}
