import type { Family } from "#shared/validation/check.ts"
import type { Deviation } from "#shared/validation/deviation.ts"
import type { Finding } from "#shared/validation/finding.ts"

/** One message of an anchor: its code, and the object as the anchors write it, `Kind namespace/name`. */
export type Said = { code: string; resource: string }

const resourceOf = ({ object: { kind, namespace, name } }: Finding): string =>
  `${kind.split(".")[0] ?? kind} ${namespace === "" ? name : `${namespace}/${name}`}`

/**
 * Our findings in an anchor's codes, of those asked for. As Istio does, the same message twice of one object is said once; Kiali says it at each
 * `place`.
 */
export function saidBy(
  findings: readonly Finding[],
  families: readonly Family[],
  codes: readonly string[],
  once: "message" | "place" = "message",
): Said[] {
  const aliases = new Map(families.flatMap(({ rules }) => rules).map((rule) => [rule.code, rule.aliases]))
  const said = new Map<string, Said>()
  for (const finding of findings)
    for (const code of aliases.get(finding.code) ?? [])
      if (codes.includes(code)) {
        const resource = resourceOf(finding)
        const place = once === "place" ? `${finding.cluster}|${finding.path}` : ""
        said.set(`${code}|${resource}|${finding.code}|${finding.message}|${place}`, { code, resource })
      }
  return [...said.values()]
}

const same = (a: Said, b: Said): boolean => a.code === b.code && a.resource === b.resource

/** Compared as multisets. A deviation takes one away on its side. */
export function difference(
  expected: readonly Said[],
  said: readonly Said[],
  deviations: readonly Deviation[],
): { missing: readonly Said[]; extra: readonly Said[]; used: readonly Deviation[] } {
  const extra = [...said]
  const missing = expected.filter((wanted) => {
    const at = extra.findIndex((one) => same(one, wanted))
    if (at >= 0) extra.splice(at, 1)
    return at < 0
  })
  const used = deviations.filter((deviation) => {
    const side = deviation.kind === "missing" ? missing : extra
    const at = side.findIndex((one) => same(one, deviation))
    if (at >= 0) side.splice(at, 1)
    return at >= 0
  })
  return { missing, extra, used }
}
