import { parseDocument } from "yaml"
import type { z } from "zod"
import { kindsNamed } from "../kube/kinds.ts"
import { isRecord } from "../topology/fact/read.ts"
import { Allow, IdentityLine, IdentityProvider, maxLines, Policy, policyPlace, Who } from "./policy.ts"

export type PolicyReading = {
  policy: Policy
  /** Lines that are not followed as written: which, with the value, and what to write instead. */
  problems: string[]
  /** Why nothing may be written, or empty. */
  reason: string
}

/** A ConfigMap holds no more. */
const maxText = 1_048_576

type Fields = Record<string, unknown>

const off = (reason: string, problems: string[] = []): PolicyReading => ({
  policy: { mode: "off", identities: [], allow: [] },
  problems,
  reason,
})

/** The policy of a cluster where there is none, in the words of `how` to get one. */
export const noPolicy = (how: string): PolicyReading => off(how)

const shortJson = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing"
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      value !== null && typeof value === "object" ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  )

/** A kind by a name that is no key: what its key would be. */
function kindRemedy(value: unknown): string {
  const keys = typeof value === "string" ? kindsNamed(value).map(({ key }) => key) : []
  return keys.length > 0
    ? `write ${keys.join(" or ")}`
    : "wants a kind of Istio or of the Gateway API with its group, as VirtualService.networking.istio.io"
}

const whoRemedy = "wants one of { member: ADDRESS }, { token: NAME }, { role: owner|admin|operator|viewer }"

function remedyOf(path: readonly PropertyKey[], value: unknown, message: string): string {
  if (path[0] === "who") return whoRemedy
  if (path[0] === "kinds" && path.length === 2) return kindRemedy(value)
  return message
}

/** What is wrong with a line, in one sentence for each place. */
function wordsOf(error: z.ZodError, root: unknown): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => {
      const value = valueAt(root, path)
      const place = path.length === 0 ? "it" : path.map(String).join(".")
      const named = message.includes(shortJson(value))
        ? message
        : `${shortJson(value)}: ${remedyOf(path, value, message)}`
      return `${place}: ${named}`
    })
    .join("; ")
}

function linesOf(written: Fields, name: keyof typeof maxLines, problems: string[]): unknown[] {
  const value = written[name]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    problems.push(`${name}: wants a list, not ${shortJson(value)}; begin each line with "- "`)
    return []
  }
  const most = maxLines[name]
  if (value.length > most)
    problems.push(
      `${name}: has ${value.length} lines, of which the first ${most} count; name groups instead of people`,
    )
  return value.slice(0, most)
}

/**
 * A line whose identity cannot be used still stands for whom it names: left out altogether, a later line, perhaps with more rights, would take over.
 */
function identityLine(line: unknown, name: string, problems: string[]): Policy["identities"] {
  const read = IdentityLine.safeParse(line)
  if (read.success) return [read.data]
  const who = Who.safeParse(isRecord(line) ? line["who"] : undefined)
  const effect = who.success ? "whom it names may not write" : "it counts for nobody"
  problems.push(`${name} is left out, ${effect}: ${wordsOf(read.error, line)}`)
  return who.success ? [{ who: who.data, as: null }] : []
}

function allowLine(line: unknown, name: string, problems: string[]): Policy["allow"] {
  const read = Allow.safeParse(line)
  if (read.success) return [read.data]
  problems.push(`${name} is left out: ${wordsOf(read.error, line)}`)
  return []
}

function emptiness({ mode, identities, allow, identityProvider }: Policy): string[] {
  if (mode === "off") return []
  const nobody =
    mode === "mapped" && identityProvider === undefined && identities.every(({ as }) => as === null)
  return [
    ...(nobody ? ["identities: names nobody who may write; add a line with who and as"] : []),
    ...(allow.length === 0 ? ["allow: is empty, so that nothing may be written; add a line with kinds"] : []),
    ...(identityProvider !== undefined && identities.length > 0
      ? [
          "identities: does not count beside identityProvider, whose assertions say who is who; remove one of the two",
        ]
      : []),
  ]
}

const fields = Object.keys(Policy.shape)

/** What makes the document as a whole unusable; what it means to forbid could otherwise be missed. */
function faultOf(written: unknown): string | null {
  if (written === null || written === undefined) return 'is empty; it wants at least "mode: mapped"'
  if (!isRecord(written)) return `is ${shortJson(written)}; it wants fields, beginning with "mode: mapped"`
  const unknown = Object.keys(written).find((name) => !fields.includes(name))
  if (unknown !== undefined)
    return `has the field ${JSON.stringify(unknown)}, which nobody knows; it has ${fields.join(", ")}`
  const mode = Policy.shape.mode.safeParse(written["mode"])
  if (!mode.success) return `has mode ${shortJson(written["mode"])}; write off, mapped or anonymous`
  if (mode.data === "anonymous" && written["identityProvider"] !== undefined)
    return "has mode anonymous and an identityProvider, which contradict each other; write mode: mapped, or remove identityProvider"
  return null
}

function providerOf(written: Fields): { provider?: IdentityProvider } | { fault: string } {
  const given = written["identityProvider"]
  if (given === undefined) return {}
  const read = IdentityProvider.safeParse(given)
  return read.success
    ? { provider: read.data }
    : { fault: `has an identityProvider that cannot be used: ${wordsOf(read.error, given)}` }
}

function parsed(text: string): { written: unknown } | { fault: string } {
  if (text.length > maxText) return { fault: `is longer than ${maxText} characters` }
  try {
    const document = parseDocument(text)
    const [error] = document.errors
    if (error) return { fault: `is not YAML: ${error.message.split("\n")[0] ?? ""}` }
    return { written: document.toJS({ maxAliasCount: 50 }) as unknown }
  } catch (error) {
    return { fault: `is not YAML: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/**
 * Reads the owner's policy. A line that cannot be followed is left out and told of; a document that cannot be read, or whose meaning as a whole is not
 * certain, allows nothing.
 */
export function readPolicy(text: string): PolicyReading {
  const given = parsed(text)
  const fault = "fault" in given ? given.fault : faultOf(given.written)
  if (fault !== null) return off(`${policyPlace.key} ${fault}`)
  const written = ("written" in given ? given.written : {}) as Fields
  const idp = providerOf(written)
  if ("fault" in idp) return off(`${policyPlace.key} ${idp.fault}`)
  const problems: string[] = []
  const policy: Policy = {
    mode: Policy.shape.mode.parse(written["mode"]),
    identities: linesOf(written, "identities", problems).flatMap((line, at) =>
      identityLine(line, `identities[${at}]`, problems),
    ),
    allow: linesOf(written, "allow", problems).flatMap((line, at) =>
      allowLine(line, `allow[${at}]`, problems),
    ),
    ...(idp.provider === undefined ? {} : { identityProvider: idp.provider }),
  }
  problems.push(...emptiness(policy))
  const reason =
    policy.mode === "off" ? `the cluster's owner switched it off (mode: off in ${policyPlace.key})` : ""
  return { policy, problems, reason }
}
