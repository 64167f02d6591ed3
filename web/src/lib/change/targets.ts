import type { ChangePreview } from "#shared/api/change.ts"
import type { ClusterInfo } from "#shared/api/cluster.ts"
import type { TopologySources } from "#shared/api/mesh.ts"
import { formatAge, formatTime } from "#shared/format/time.ts"
import type { GlyphName } from "../ui/glyph.ts"
import type { ChangeSubject } from "./address.ts"
import { denialOf } from "./facts.ts"
import type { Missing } from "./missing-right.ts"

/** A cluster that the change could go to. */
export type Target = {
  cluster: string
  name: string
  checked: boolean
  /** Nothing is connected: it can only be queued. */
  away: boolean
  /** Instead of the box: why it is left out. */
  glyph: GlyphName | null
  text: string
}

const has = (source: TopologySources["clusters"][number], id: string): boolean =>
  source.facts.some((fact) => fact.id === id)

/** Clusters that have what the change is about; a new object can go anywhere. */
export function candidatesOf(
  subject: ChangeSubject,
  own: string,
  clusters: readonly ClusterInfo[],
  sources: TopologySources,
): ClusterInfo[] {
  const known = new Map(sources.clusters.map((source) => [source.cluster, source]))
  const all = clusters.filter(({ link }) => link !== "waiting" && link !== "revoked")
  return all.filter(({ clusterId }) => {
    if (clusterId === own) return true
    const source = known.get(clusterId)
    if (subject.type === "new") return true
    if (subject.type === "object") {
      const { kind, namespace, name } = subject.object
      return source !== undefined && has(source, `${kind}/${namespace}/${name}`)
    }
    if (subject.type !== "control") return false
    const { namespace = "", service } = subject.query
    if (service === undefined) return subject.control === "mtls"
    return source !== undefined && has(source, `Service/${namespace}/${service}`)
  })
}

type Known = {
  chosen: readonly string[]
  preview: ChangePreview | undefined
  /** Why the caller may not, by cluster, from its last answer. */
  missing: ReadonlyMap<string, Missing>
  now: number
}

function reasonOf(info: ClusterInfo, { preview, missing }: Known): string | null {
  if (info.act === null) return "its agent only reads"
  if (info.act.mode === "off") return info.act.reason === "" ? "takes no changes" : info.act.reason
  const refused = preview?.refused.find(({ cluster }) => cluster === info.clusterId)
  if (refused) return refused.message
  const part = preview?.clusters.find(({ cluster }) => cluster === info.clusterId)
  return (part ? denialOf(part) : null) ?? missing.get(info.clusterId)?.text ?? null
}

export function targetsOf(candidates: readonly ClusterInfo[], known: Known): Target[] {
  return candidates.map((info): Target => {
    const base = {
      cluster: info.clusterId,
      name: info.name,
      checked: known.chosen.includes(info.clusterId),
      away: info.link === "stale",
    }
    const reason = reasonOf(info, known)
    if (reason !== null)
      return { ...base, glyph: "denied", text: base.checked ? reason : `${reason}, left out` }
    if (base.away) return { ...base, glyph: null, text: `not connected since ${formatTime(info.linkSince)}` }
    const age = info.lastSeenAt === null ? "" : `, ${formatAge(Math.max(0, known.now - info.lastSeenAt))}`
    return { ...base, glyph: null, text: `${info.link}${age}` }
  })
}
