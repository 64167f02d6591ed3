import type { Access } from "#shared/api/change.ts"
import { clusterOption } from "../change/flags.ts"
import { clustersOfNamespace, clustersOrOnly } from "../change/target.ts"
import { exitCode } from "../exit.ts"
import { type Column, documentText, tableText } from "../output.ts"
import { kindName } from "../validate/result.ts"
import { type Add, signedIn } from "./add.ts"

type Line = Access["lines"][number]

const columns: Column<Line>[] = [
  { head: "KIND", cell: ({ kind }) => kindName(kind) },
  { head: "VERB", cell: ({ verb }) => verb },
  { head: "ALLOWED", cell: ({ allowed }) => (allowed ? "yes" : "no") },
  { head: "REASON", cell: ({ reason }) => reason || "-" },
  { head: "AN ADMIN RUNS", cell: ({ grant }) => grant?.replaceAll("\n", "; ") ?? "-", wide: true },
]

function identityOf({ mode, as }: Access): string {
  if (mode === "anonymous") return "as the agent's own account: try-out mode"
  if (as === null) return "as nobody"
  return `as ${as.user}${as.groups.length === 0 ? "" : ` (${as.groups.join(", ")})`}`
}

type Flags = { cluster: string[]; namespace?: string }

export function addAccess(add: Add): void {
  add.program
    .command("access")
    .option("-n, --namespace <name>", "of this namespace; else of kinds that are in none")
    .addOption(clusterOption("where, when several have it; repeated"))
    .description(
      "What you may change, as Kubernetes and the cluster's policy say; -o wide with what an admin runs",
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
        if (flags.output === "json" || flags.output === "yaml") {
          const [only] = answers
          io.out(documentText(flags.output, answers.length === 1 ? only : { items: answers }))
          return undefined
        }
        for (const answer of answers) {
          io.err(`# ${answer.clusterName}, ${identityOf(answer)}\n`.replaceAll(/(?!\n)\p{Cc}/gu, "?"))
          if (answer.refused !== null) io.err(`nothing may be written: ${answer.refused}\n`)
          if (answer.lines.length > 0) io.out(tableText(answer.lines, columns, flags.output === "wide"))
        }
        return answers.some(({ refused }) => refused !== null) ? exitCode.negative : undefined
      }),
    )
}
