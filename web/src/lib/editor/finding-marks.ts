import type { FindingItem, FindingList } from "#shared/api/validation.ts"
import { keyOf, kindName, objectKeyOf, objectPath, placeName, sentence } from "../validation/finding-place.ts"
import type { Mark } from "./mark.ts"

/** Findings of one object as marks of its text. */
export function marksOf(
  findings: readonly FindingItem[],
  rules: FindingList["rules"],
  place: (path: string) => { start: number; end: number },
  hrefOf: (path: string) => string,
): Mark[] {
  const seen = new Map<string, number>()
  return findings.map((finding) => {
    const { start, end } = place(finding.path)
    const rule = rules[finding.code]
    const own = objectKeyOf(finding.cluster, finding.object)
    const key = keyOf(finding)
    const same = seen.get(key) ?? 0
    seen.set(key, same + 1)
    const about = new Map(
      finding.references
        .map(({ cluster, object }) => ({ cluster: cluster || finding.cluster, object }))
        .filter(({ cluster, object }) => objectKeyOf(cluster, object) !== own)
        .map(({ cluster, object }) => [objectKeyOf(cluster, object), { cluster, object }]),
    )
    return {
      key: same === 0 ? key : `${key}#${same + 1}`,
      from: start,
      to: end,
      level: finding.level,
      message: sentence(finding.message),
      codes: [finding.code, ...(rule?.aliases ?? [])],
      effect: rule?.effect ?? "",
      remedy: rule?.remedy ?? "",
      links: [...about.values()].slice(0, 12).map(({ cluster, object }) => ({
        text: `${kindName(object.kind)} ${placeName(object)}`,
        href: hrefOf(objectPath(cluster, object)),
      })),
    }
  })
}
