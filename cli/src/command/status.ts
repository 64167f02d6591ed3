import type { ClusterInfo } from "#shared/api/cluster.ts"
import { exitCode } from "../exit.ts"
import { formatAge } from "#shared/format/time.ts"
import { print } from "../output.ts"
import { type Add, signedIn } from "./add.ts"
import { clusterColumns } from "./clusters.ts"

const isLive = (cluster: ClusterInfo): boolean => cluster.link === "live"

export function addStatus(add: Add): void {
  add.program
    .command("status")
    .description("Who you are, and whether every cluster is live (exit 1 when one is not)")
    .action(
      signedIn(add, async ({ io, flags, client, server }) => {
        const [session, { items }] = await Promise.all([
          client.call("getSession"),
          client.call("listClusters"),
        ])
        const live = items.filter(isLive).length
        const who = session.user?.email ?? `token ${session.token?.name ?? ""}`
        if (flags.output === "table" || flags.output === "wide") {
          io.out(
            `Server        ${server}\nSigned in as  ${who}, ${session.role}\nOrganization  ${session.organization.name}\n`,
          )
          if (session.expiresAt !== null)
            io.out(`Token ends    in ${formatAge(session.expiresAt - io.now())}\n`)
          io.out(`Clusters      ${live} of ${items.length} live\n${items.length > 0 ? "\n" : ""}`)
        }
        print(
          io,
          flags.output,
          { server, session, clusters: items },
          {
            rows: items,
            columns: clusterColumns(io.now()),
            empty: "No clusters yet. Add one: smm clusters add NAME",
          },
        )
        return live === items.length ? exitCode.ok : exitCode.negative
      }),
    )
}
