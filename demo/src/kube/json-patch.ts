import { isFields, sameJson, textOf } from "./json.ts"
import { badRequest, StatusError } from "./status.ts"

const failed = (message: string) =>
  new StatusError(
    422,
    "Invalid",
    `the server rejected our request due to an error in our request: ${message}`,
  )

const segmentsOf = (pointer: string): string[] =>
  pointer === ""
    ? []
    : pointer
        .slice(1)
        .split("/")
        .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))

function child(node: unknown, segment: string, pointer: string): unknown {
  const found = Array.isArray(node) ? node[Number(segment)] : isFields(node) ? node[segment] : undefined
  if (found === undefined) throw failed(`path ${pointer} does not exist`)
  return found
}

const read = (root: unknown, pointer: string): unknown =>
  segmentsOf(pointer).reduce((node, segment) => child(node, segment, pointer), root)

/** Sets or removes what stands at a pointer. The root is changed in place. */
function change(root: unknown, pointer: string, op: "add" | "replace" | "remove", value?: unknown): void {
  const segments = segmentsOf(pointer)
  const last = segments.pop()
  if (last === undefined) throw failed("a patch of the whole object is not allowed")
  const node = segments.reduce((inner, segment) => child(inner, segment, pointer), root)
  if (op !== "add") child(node, last, pointer)
  if (Array.isArray(node)) {
    const index = last === "-" ? node.length : Number(last)
    if (!(index >= 0 && index <= node.length)) throw failed(`index ${last} of ${pointer} is out of range`)
    node.splice(index, op === "add" ? 0 : 1, ...(op === "remove" ? [] : [value]))
    return
  }
  if (!isFields(node)) throw failed(`path ${pointer} does not exist`)
  if (op === "remove") Reflect.deleteProperty(node, last)
  else node[last] = value
}

function step(root: unknown, operation: unknown): void {
  if (!isFields(operation)) throw badRequest("a JSON patch is a list of operations")
  const path = textOf(operation["path"])
  const from = textOf(operation["from"])
  switch (operation["op"]) {
    case "add":
    case "replace":
      return change(root, path, operation["op"], operation["value"])
    case "remove":
      return change(root, path, "remove")
    case "test":
      if (sameJson(read(root, path), operation["value"])) return
      throw failed(`testing value ${path} failed`)
    case "copy":
      return change(root, path, "add", structuredClone(read(root, from)))
    case "move": {
      const value = read(root, from)
      change(root, from, "remove")
      return change(root, path, "add", value)
    }
    default:
      throw badRequest(`unknown operation ${JSON.stringify(operation["op"])} in a JSON patch`)
  }
}

/** JSON patch, RFC 6902. @throws StatusError 400, 422 */
export function jsonPatch(live: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest("a JSON patch is a list of operations")
  const root: unknown = structuredClone(live)
  for (const operation of patch) step(root, operation)
  return root
}
