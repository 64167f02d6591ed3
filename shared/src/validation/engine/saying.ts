import type { Details } from "../check.ts"
import type { Finding } from "../finding.ts"
import type { Rule } from "../rule.ts"

/** Longer values are quoted in part: a message is for a line. */
const mostMessage = 1_000

/** Of an object without a namespace (a file's) the host is its name: `details`, not `details..svc.cluster.local`. */
function readable(message: string): string {
  const cut = message.length > mostMessage ? `${message.slice(0, mostMessage)}…` : message
  return cut.includes("..svc.") ? cut.replaceAll(/([\w-]+)\.\.svc\.[\w-]+(\.[\w-]+)*/g, "$1") : cut
}

/** What a check reported of an object, as a finding. */
export const findingOf = (
  rule: Rule,
  details: Details,
  { cluster, object }: Pick<Finding, "cluster" | "object">,
): Finding => ({
  code: rule.code,
  level: details.level ?? rule.level,
  message: readable(details.message),
  cluster,
  object: details.at ?? object,
  path: details.path,
  references: (details.references ?? []).map((reference) => ({ cluster, ...reference })),
  fix: details.fix ?? null,
})

const isStructural = ({ code, level }: Finding): boolean => level === "error" && code.startsWith("schema.")

const parentOf = (path: string): string => path.replace(/(\.[\w-]+|\[[^\]]*\])$/, "")

/**
 * A field that is missing or of the wrong type is an error of structure; what the semantic checks make of it at the same place, or one step from it,
 * says it again in other words.
 */
export function withoutEchoes(findings: Finding[]): Finding[] {
  if (!findings.some(isStructural)) return findings
  const places = new Set(findings.filter(isStructural).map(({ path }) => path))
  const near = new Set([...places].map(parentOf))
  return findings.filter(
    (finding) =>
      finding.code.startsWith("schema.") ||
      finding.level !== "error" ||
      !(places.has(finding.path) || near.has(finding.path) || places.has(parentOf(finding.path))),
  )
}

/** A check that threw: a fault of ours, told rather than hidden. */
export const fault: Rule = {
  code: "engine.fault",
  aliases: ["IST0001"],
  level: "warning",
  title: "A check failed on this object",
  effect: "What this check would have found is not known",
  remedy: "Tell us what the object looks like; the other checks are not affected",
}
