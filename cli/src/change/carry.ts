import type { Change, ChangePreview, ChangeRequestInput } from "#shared/api/change.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import type { Intent } from "#shared/edit/intent.ts"
import { isSame } from "#shared/edit/same.ts"
import { AppError } from "#shared/error.ts"
import type { Context } from "../context.ts"
import { UsageError, exitCode } from "../exit.ts"
import { documentText, isDocument } from "../output.ts"
import { refText } from "../validate/result.ts"
import { paintFor } from "../validate/table.ts"
import { type ChangeFlags, wishesOf } from "./flags.ts"
import { objectChanges, objectsText } from "./objects.ts"
import { followed, tellChange } from "./outcome.ts"
import { isPossible, previewText } from "./preview-text.ts"
import type { Where } from "./target.ts"

/** One change that a command asks for. */
export type Asked = {
  intent: Intent
  clusters: readonly Where[]
  /** Set when the intent was made from what is there: makes it again, so that nothing which somebody changed in between is written over. */
  again?: () => Promise<Intent>
}

const refusals = ({ refused }: ChangePreview): string =>
  refused.map(({ clusterName, message }) => `${clusterName}: ${message}`).join("; ")

/** The objects that an intent is about, as they are: where nothing would change they are what it would leave. */
async function presentObjects(
  { client }: Context,
  intent: Intent,
  clusters: readonly Where[],
): Promise<KubeObject[]> {
  if (intent.control === "objects") return intent.put
  if (!("service" in intent)) return []
  const { namespace, name: service } = intent.service
  const query = { namespace, service, ...("scope" in intent ? intent.scope : {}) }
  const found: KubeObject[] = []
  for (const { clusterId: cluster } of clusters) {
    const { objects } = await client.call("getControl", {
      params: { cluster, control: intent.control },
      query,
    })
    for (const { kind, namespace: place, name } of objects) {
      const { items } = await client.call("listObjects", {
        params: { kind },
        query: { cluster: [cluster], namespace: [place], q: name },
      })
      found.push(...items.flatMap(({ object }) => (object.metadata.name === name ? [object] : [])))
    }
  }
  return found
}

/** The objects as the change would leave them; what it would remove can only be told. */
async function printObjects(
  context: Context,
  preview: ChangePreview,
  { intent, clusters }: Asked,
): Promise<number> {
  const { io, flags } = context
  if (preview.refused.length > 0) throw new AppError("input.invalid", refusals(preview))
  const changes = objectChanges(preview.steps)
  const left = changes.flatMap(({ after }) => (after === null ? [] : [after]))
  for (const { object, after } of changes)
    if (after === null) io.err(`note: ${refText(object)} would be removed\n`)
  if (changes.length === 0) {
    io.err("note: nothing would change\n")
    left.push(...(await presentObjects(context, intent, clusters)))
  }
  if (left.length > 0) io.out(objectsText(flags.output === "json" ? "json" : "yaml", left))
  return exitCode.ok
}

function printPreview({ io, flags }: Context, preview: ChangePreview): number {
  if (isDocument(flags.output)) io.out(documentText(flags.output, preview))
  else io.out(previewText(preview, paintFor(io, "out")))
  return isPossible(preview) ? exitCode.ok : exitCode.negative
}

/** What was read is still so now that a preview stands on it: from here on its digest watches. @throws AppError change.outdated */
async function demandSame({ intent, again }: Asked): Promise<void> {
  if (again && !isSame(await again(), intent))
    throw new AppError("change.outdated", "somebody changed this in the meantime; run the command again")
}

/** Undefined when everything is as it would be: who runs a script twice did nothing wrong. */
async function create({ client }: Context, body: ChangeRequestInput): Promise<Change | undefined> {
  try {
    return await client.call("createChange", { body })
  } catch (error) {
    if (error instanceof AppError && error.code === "change.empty") return undefined
    throw error
  }
}

async function apply(context: Context, body: ChangeRequestInput): Promise<number> {
  const { io, flags } = context
  const made = await create(context, body)
  if (made === undefined) {
    if (isDocument(flags.output))
      io.out(documentText(flags.output, { id: null, state: "unchanged", steps: [] }))
    io.err("Nothing to change: everything is as it would be\n")
    return exitCode.ok
  }
  if (!isDocument(flags.output)) io.out(`${made.changeId}\n`)
  const change = await followed(context, made)
  if (isDocument(flags.output)) io.out(documentText(flags.output, { id: change.changeId, ...change }))
  return tellChange(io, change)
}

/** Shows it, and does it when a person says so. */
async function asked(context: Context, request: Asked, body: ChangeRequestInput): Promise<number> {
  const { io, client } = context
  const preview = await client.call("previewChange", { body })
  await demandSame(request)
  io.err(previewText(preview, paintFor(io, "err")))
  if (!isPossible(preview)) return exitCode.negative
  if (preview.steps.length === 0) return exitCode.ok
  const where = preview.clusters.map(({ clusterName }) => clusterName).join(", ")
  const answer = (await io.ask?.(`\nApply this in ${where}? [y/N] `)) ?? ""
  if (/^y(es)?$/i.test(answer.trim())) return apply(context, { ...body, digest: preview.digest })
  io.err("Nothing was changed\n")
  return exitCode.negative
}

/** An intent that was made from what is there is bound to it. */
async function bound(
  { client }: Context,
  request: Asked,
  body: ChangeRequestInput,
): Promise<ChangeRequestInput> {
  if (!request.again) return body
  const { digest } = await client.call("previewChange", { body, query: { check: "false" } })
  await demandSame(request)
  return { ...body, digest }
}

/** The one way of every change: printed as objects, looked at, asked for, or applied. Answers the exit code. */
export async function carry(context: Context, request: Asked, flags: ChangeFlags): Promise<number> {
  const { io, client } = context
  const body: ChangeRequestInput = {
    intent: request.intent,
    clusters: request.clusters.map(({ clusterId }) => clusterId),
    via: "cli",
    ...wishesOf(io, flags),
  }
  if (flags.yes) return apply(context, await bound(context, request, body))
  if (flags.dryRun) return printPreview(context, await client.call("previewChange", { body }))
  if (isDocument(context.flags.output))
    return printObjects(
      context,
      await client.call("previewChange", { body, query: { check: "false" } }),
      request,
    )
  if (!io.isTerminal || !io.ask)
    throw new UsageError("there is nobody to ask here; add --yes to apply it, or --dry-run to look at it")
  return asked(context, request, body)
}
