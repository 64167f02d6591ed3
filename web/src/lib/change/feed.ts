import type { Change as Recorded } from "#shared/api/change.ts"
import type { Change } from "../overview/changes.ts"
import { objectKeyOf } from "../validation/finding-place.ts"
import { undoPath } from "./address.ts"
import { changePath, objectsOf } from "./history.ts"
import { canUndo } from "./outcome.ts"
import { whoText } from "./words.ts"

/** An edit is seen by the inventory a little after it was made. */
const nearMs = 120_000

const ends = {
  queued: "queued",
  running: "going on",
  applied: "",
  partly: "in part",
  failed: "failed",
  expired: "expired",
  undone: "undone",
}

type Options = { several: boolean; mayUndo: boolean; link: (path: string) => string }

/** A recorded change as an entry of a feed. */
export function entryOf(change: Recorded, { several, mayUndo, link }: Options): Change {
  const { added, removed } = change.findings
  const undo = canUndo(change) && mayUndo && change.undoneBy === null
  return {
    key: change.changeId,
    at: change.at,
    mark: "config",
    title: change.title,
    detail: [
      whoText(change),
      several ? change.clusters.map(({ clusterName }) => clusterName).join(", ") : "",
      ends[change.state],
      added.length + removed.length === 0 ? "" : `findings -${removed.length}, +${added.length}`,
    ]
      .filter(Boolean)
      .join(", "),
    object: undefined,
    href: link(changePath(change.changeId)),
    ...(undo ? { undo: link(undoPath(change.changeId)) } : {}),
  }
}

/** Recorded changes among what the inventory shows, newest first: an edit that is recorded is told once. */
export function withRecorded(
  seen: readonly Change[],
  recorded: readonly Recorded[],
  options: Options,
): Change[] {
  const moments = new Map<string, number[]>()
  for (const change of recorded)
    for (const { cluster } of change.clusters)
      for (const { kind, namespace, name } of objectsOf(change)) {
        const key = `${cluster}/${kind}/${namespace}/${name}`
        moments.set(key, [...(moments.get(key) ?? []), change.at])
      }
  const isTold = ({ object, at }: Change): boolean => {
    if (!object) return false
    const key = objectKeyOf(object.cluster, object)
    return (moments.get(key) ?? []).some((moment) => Math.abs(at - moment) <= nearMs)
  }
  return [
    ...seen.filter((change) => !isTold(change)),
    ...recorded.map((change) => entryOf(change, options)),
  ].sort((a, b) => b.at - a.at || (a.key < b.key ? -1 : 1))
}
