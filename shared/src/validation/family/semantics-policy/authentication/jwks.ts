import { record, text, type Json } from "../../../../topology/fact/read.ts"

/** What a JSON Web Key needs, by its type; all base64url but `crv`. Source: RFC 7518, 6. */
const needed = new Map<string, readonly string[]>([
  ["RSA", ["n", "e"]],
  ["EC", ["crv", "x", "y"]],
  ["OKP", ["crv", "x"]],
  ["oct", ["k"]],
])
const base64Url = /^[A-Za-z0-9_-]+={0,2}$/

function keyProblem(key: Json): string | undefined {
  const type = text(key["kty"])
  const fields = needed.get(type)
  if (fields === undefined) return type === "" ? "a key has no kty" : `a key is of the unknown type ${type}`
  const missing = fields.find((field) => !base64Url.test(text(key[field])))
  return missing === undefined ? undefined : `a key of type ${type} has no valid ${missing}`
}

const isPrivate = (key: Json): boolean => text(key["kty"]) === "oct" || text(key["d"]) !== ""

/** What is wrong with a text that should be a JSON Web Key Set (or one key), or the place of its first private key. */
export function readJwks(jwks: string): { problem: string } | { privateKey: number | undefined } {
  let document: unknown
  try {
    document = JSON.parse(jwks)
  } catch {
    return { problem: "jwks is no JSON" }
  }
  const set = record(document)
  if (set["keys"] !== undefined && !Array.isArray(set["keys"])) return { problem: "keys of jwks is no list" }
  const keys = (Array.isArray(set["keys"]) ? (set["keys"] as unknown[]) : [set]).map(record)
  for (const key of keys) {
    const problem = keyProblem(key)
    if (problem !== undefined) return { problem: `jwks: ${problem}` }
  }
  const index = keys.findIndex(isPrivate)
  return { privateKey: index === -1 ? undefined : index }
}
