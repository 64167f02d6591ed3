import type { Change } from "#shared/api/change.ts"
import { formatMoment } from "#shared/format/time.ts"
import type { Context } from "../context.ts"
import { exitCode } from "../exit.ts"
import type { Io } from "../io.ts"
import { clean } from "../output.ts"
import { refText } from "../validate/result.ts"

/** Longer than any command lives that is not queued: its end is known by then. */
const followMs = 150_000
const pauseMs = 1_000

/** The change when it is at its end; the server answers one that takes long as far as it got. */
export async function followed({ io, client }: Context, made: Change): Promise<Change> {
  const until = io.now() + followMs
  let change = made
  while (change.state === "running" && io.now() < until) {
    await io.sleep(pauseMs)
    change = await client.call("getChange", { params: { change: made.changeId } })
  }
  return change
}

type Step = Change["steps"][number]

const words = { applied: "done", unchanged: "was so already", failed: "FAILED", skipped: "not done" } as const
const verbs = { create: "create", patch: "change", delete: "remove" } as const

function stepLine({ verb, object, outcome }: Step, cluster: string): string {
  const what = `${verbs[verb]} ${refText(object)}${cluster}`
  if (outcome === null) return `  ${what}: not done yet`
  const why = outcome.state === "failed" && outcome.message !== "" ? `: ${outcome.message}` : ""
  return `  ${what}: ${words[outcome.state]}${why}`
}

function endWords({ title, state, changeId }: Change): string {
  switch (state) {
    case "applied":
      return `${title}: applied; smm undo ${changeId} takes it back`
    case "queued":
      return `${title}: queued until the agent is back; smm history ${changeId} shows what became of it`
    case "running":
      return `${title}: still under way; smm history ${changeId} shows what became of it`
    case "partly":
      return `${title}: only a part was done; smm undo ${changeId} takes that back`
    case "failed":
      return `${title}: failed, nothing was changed`
    case "expired":
      return `${title}: not carried out, its time ran out; nothing was changed`
    case "undone":
      return `${title}: undone`
  }
}

function watchWords({ guard, revertAt }: Change): string[] {
  return [
    ...(guard ? [`  watched: it undoes itself when it does harm`] : []),
    ...(revertAt === null ? [] : [`  undoes itself at ${formatMoment(revertAt)} UTC`]),
  ]
}

const denials: ReadonlySet<string> = new Set(["forbidden", "not_allowed", "assertion"])

function failuresOf({ clusters, steps }: Change): string[] {
  return [
    ...clusters.flatMap(({ failure }) => (failure ? [failure.code] : [])),
    ...steps.flatMap(({ outcome }) => (outcome?.state === "failed" && outcome.code ? [outcome.code] : [])),
  ]
}

/** Words about the end of a change, for a person; the exit code. */
export function tellChange(io: Io, change: Change): number {
  const { clusters, steps, state } = change
  const nameOf = (id: string): string => clusters.find(({ cluster }) => cluster === id)?.clusterName ?? id
  const lines = [
    endWords(change),
    ...steps.map((step) => stepLine(step, clusters.length > 1 ? ` in ${nameOf(step.cluster)}` : "")),
    ...clusters.flatMap(({ clusterName, failure }) =>
      failure ? [`  ${clusterName}: ${failure.message}`] : [],
    ),
    ...(state === "applied" ? watchWords(change) : []),
  ]
  io.err(`${lines.map(clean).join("\n")}\n`)
  if (state === "applied" || state === "queued") return exitCode.ok
  return failuresOf(change).some((code) => denials.has(code)) ? exitCode.denied : exitCode.negative
}
