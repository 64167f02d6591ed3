export type YamlPart = { text: string; kind: "key" | "string" | "number" | "comment" | "plain" }

const line = /^(\s*(?:- )*)(?:("[^"]*"|[^\s:#"'{}[\],][^:#]*?)(:)(?=\s|$))?(.*)$/
const number = /^(-?\d+(\.\d+)?|true|false|null|\d+(ms|s|m|h))$/

/** One line of YAML as written by us, for its colours. */
export function yamlParts(text: string): YamlPart[] {
  const [, indent = "", key, colon = "", rest = ""] = line.exec(text) ?? []
  const value = rest.trim()
  const kind =
    value === "" ? "plain" : value.startsWith("#") ? "comment" : number.test(value) ? "number" : "string"
  const parts: YamlPart[] = [
    { text: indent, kind: "plain" },
    ...(key === undefined
      ? []
      : [{ text: key, kind: "key" } as const, { text: colon, kind: "plain" } as const]),
    { text: rest, kind: key === undefined && kind === "string" ? "plain" : kind },
  ]
  return parts.filter((part) => part.text !== "")
}
