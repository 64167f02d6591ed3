import type { Command } from "commander"
import type { ControlQuery, ControlReading } from "#shared/api/change.ts"
import type { FormControl } from "#shared/edit/intent.ts"
import { clusterOption } from "../../change/flags.ts"
import { type Where, clustersOfService, serviceOf } from "../../change/target.ts"
import type { Context } from "../../context.ts"
import { clean, documentText, isDocument, printNotices } from "../../output.ts"
import { refText } from "../../validate/result.ts"
import { type Add, signedIn } from "../add.ts"
import { type ScopeFlags, scopeOf, withScope } from "./scope.ts"

/** The rows of a reading, for people. */
export type ReadingText = (reading: ControlReading) => string

export const readingOf = (
  { client }: Context,
  control: FormControl,
  { clusterId }: Where,
  query: ControlQuery,
): Promise<ControlReading> => client.call("getControl", { params: { cluster: clusterId, control }, query })

/** What a reader must know beside the form. */
function notesOf({ unshown, shadowed, warnings }: ControlReading): { message: string }[] {
  return [
    ...unshown.map(({ object, path }) => ({
      message: `${refText(object)}: ${path} is kept, but not shown here`,
    })),
    ...shadowed.map(({ rule, message }) => ({ message: `rule ${rule + 1}: ${message}` })),
    ...warnings,
  ]
}

const headOf = ({ objects }: ControlReading, cluster: string): string => {
  const names = objects.map(refText)
  return clean(`# ${cluster}: ${names.length === 0 ? "no object" : names.join(", ")}`)
}

/** One reading as the API gives it, several as `items`; a table each. */
export async function printReadings(
  context: Context,
  asked: { control: FormControl; clusters: readonly Where[]; query: ControlQuery },
  text: ReadingText,
): Promise<void> {
  const { io, flags } = context
  const readings = await Promise.all(
    asked.clusters.map(async (where) => ({
      where,
      reading: await readingOf(context, asked.control, where, asked.query),
    })),
  )
  const documents = readings.map(({ where, reading }) => ({ clusterName: where.name, ...reading }))
  if (isDocument(flags.output)) {
    const [only] = documents
    return io.out(documentText(flags.output, documents.length === 1 ? only : { items: documents }))
  }
  for (const { where, reading } of readings) {
    io.err(`${headOf(reading, where.name)}\n`)
    if (reading.form === null && !reading.mtls) io.err(`Nothing is set\n`)
    else io.out(text(reading))
    printNotices(io, notesOf(reading))
  }
}

type Flags = ScopeFlags & { cluster: string[] }

/** `get NAMESPACE/SERVICE` of a control. */
export function addControlGet(
  add: Add,
  control: FormControl,
  { scoped, text }: { scoped: boolean; text: ReadingText },
): Command {
  const get = add.program
    .command("get")
    .argument("<service>", "NAMESPACE/SERVICE")
    .addOption(clusterOption("where, when several have it; repeated"))
    .description("What is set, whoever wrote it")
  return (scoped ? withScope(get) : get).action(
    signedIn(add, async (context, written: string, flags: Flags) => {
      const service = serviceOf(written)
      const clusters = await clustersOfService(context, service, flags.cluster)
      const query = { namespace: service.namespace, service: service.name, ...scopeOf(flags) }
      await printReadings(context, { control, clusters, query }, text)
      return undefined
    }),
  )
}
