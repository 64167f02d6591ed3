import type { Access } from "#shared/api/change.ts"
import { verbs } from "#shared/act/policy.ts"
import { clusterOption } from "../change/flags.ts"
import { identityText } from "../change/identity.ts"
import { clustersOfNamespace, clustersOrOnly } from "../change/target.ts"
import { exitCode } from "../exit.ts"
import { type Column, clean, documentText, isDocument, tableText } from "../output.ts"
import { kindName } from "../validate/result.ts"
import { type Add, signedIn } from "./add.ts"

type Line = Access["lines"][number]

/** One row a kind: a cell a verb. */
type Row = { kind: string; lines: readonly Line[] }

const rowsOf = ({ lines }: Access): Row[] =>
  [...Map.groupBy(lines, ({ kind }) => kind)].map(([kind, own]) => ({ kind, lines: own }))

const verbColumn = (verb: Line["verb"]): Column<Row> => ({
  head: verb.toUpperCase(),
  cell: ({ lines }) => {
    const line = lines.find((each) => each.verb === verb)
    return line === undefined ? "-" : line.allowed ? "yes" : "no"
  },
})

/** The group too where two kinds have one name: Gateway. */
const columnsOf = (rows: readonly Row[]): Column<Row>[] => [
  {
    head: "KIND",
    cell: ({ kind }) =>
      rows.filter((row) => kindName(row.kind) === kindName(kind)).length > 1 ? kind : kindName(kind),
  },
  ...verbs.map(verbColumn),
]

/** Why not, and what an admin would run; the same said of many kinds is said once. */
function deniedText({ lines }: Access): string {
  const denied = lines.filter(({ allowed }) => !allowed)
  const reasons = [...new Set(denied.map(({ reason }) => reason).filter((reason) => reason !== ""))]
  const grants = [...new Set(denied.flatMap(({ grant }) => grant?.split("\n") ?? []))]
  const said = [
    ...reasons.map((reason) => `no: ${reason}`),
    ...(grants.length === 0 ? [] : ["an admin allows it with:", ...grants.map((line) => `  ${line}`)]),
  ]
  return said.map((line) => `${clean(line)}\n`).join("")
}

type Flags = { cluster: string[]; namespace?: string }

export function addAccess(add: Add): void {
  add.program
    .command("access")
    .option("-n, --namespace <name>", "of this namespace; else of kinds that are in none")
    .addOption(clusterOption("where, when several have it; repeated"))
    .description(
      "What you may change, as Kubernetes and the cluster's policy say, and what an admin would run",
    )
    .action(
      signedIn(add, async (context, { cluster, namespace }: Flags) => {
        const { io, flags, client } = context
        const clusters =
          namespace === undefined
            ? await clustersOrOnly(context, cluster)
            : await clustersOfNamespace(context, namespace, cluster)
        const answers = await Promise.all(
          clusters.map(async ({ clusterId, name }) => ({
            clusterName: name,
            ...(await client.call("getAccess", {
              params: { cluster: clusterId },
              query: { namespace: namespace ?? "" },
            })),
          })),
        )
        if (isDocument(flags.output)) {
          const [only] = answers
          io.out(documentText(flags.output, answers.length === 1 ? only : { items: answers }))
          return undefined
        }
        for (const answer of answers) {
          io.err(`${clean(`# ${answer.clusterName}, ${identityText(answer.mode, answer.as)}`)}\n`)
          if (answer.refused !== null) io.err(`nothing may be written: ${answer.refused}\n`)
          const rows = rowsOf(answer)
          if (rows.length > 0) io.out(tableText(rows, columnsOf(rows), false))
          io.err(deniedText(answer))
        }
        return answers.some(({ refused }) => refused !== null) ? exitCode.negative : undefined
      }),
    )
}
