import { Option } from "commander"
import { ActInstall, type ClusterInfo, WriteFamily } from "#shared/api/cluster.ts"
import { type Context, clusterNamed } from "../context.ts"
import { exitCode, UsageError } from "../exit.ts"
import { formatCount } from "#shared/format/number.ts"
import { formatAge } from "#shared/format/time.ts"
import { type Column, documentText, isDocument, print } from "../output.ts"
import { type Add, collect, signedIn } from "./add.ts"

const ageOf = (at: number | null, now: number): string => (at === null ? "-" : formatAge(now - at))

/** What may not be read, in words; empty when all is readable. */
const denied = (cluster: ClusterInfo): string =>
  cluster.kinds
    .filter(({ state }) => state === "denied")
    .map(({ kind }) => kind)
    .join(",") || "-"

export const clusterColumns = (now: number): Column<ClusterInfo>[] => [
  { head: "NAME", cell: ({ name }) => name },
  { head: "LINK", cell: ({ link }) => link },
  { head: "SINCE", cell: ({ linkSince }) => formatAge(now - linkSince), right: true },
  { head: "LAST TICK", cell: ({ lastTickAt }) => ageOf(lastTickAt, now), right: true },
  { head: "NODES", cell: ({ nodes }) => (nodes === null ? "-" : formatCount(nodes)), right: true },
  { head: "OBJECTS", cell: ({ objects }) => formatCount(objects), right: true },
  { head: "ISTIO", cell: ({ istioVersions }) => istioVersions.join(",") || "-" },
  { head: "KUBERNETES", cell: ({ kubernetesVersion }) => kubernetesVersion ?? "-" },
  {
    head: "TELEMETRY",
    cell: ({ telemetry }) => (telemetry ? `${telemetry.source} ${telemetry.state}` : "-"),
    wide: true,
  },
  { head: "MAY NOT READ", cell: denied, wide: true },
  { head: "AGENT", cell: ({ agentVersion }) => agentVersion ?? "-", wide: true },
  { head: "ID", cell: ({ clusterId }) => clusterId, wide: true },
]

function familiesOf(names: readonly string[]): WriteFamily[] {
  return names.map((name) => {
    const family = WriteFamily.safeParse(name)
    if (!family.success) throw new UsageError(`--write "${name}": wants ${WriteFamily.options.join(" or ")}`)
    return family.data
  })
}

type AddOptions = { write: string[]; act: string; asUser: string[]; asGroup: string[]; wait?: true }

/** Who writes, as asked for; naming a user or group asks for `mapped`. */
function actOf({ act, asUser, asGroup }: AddOptions): ActInstall {
  const mode = act === "" ? (asUser.length + asGroup.length > 0 ? "mapped" : "off") : act
  const read = ActInstall.safeParse({ mode, users: asUser, groups: asGroup })
  if (read.success) return read.data
  const [issue] = read.error.issues
  const flag = { users: "--as-user", groups: "--as-group" }[String(issue?.path[0])] ?? `--act "${mode}"`
  throw new UsageError(
    String(issue?.path[0]) === "mode" && issue?.code === "invalid_value"
      ? `${flag}: wants off, mapped or anonymous`
      : `${flag}: ${issue?.message ?? "cannot be used"}`,
  )
}

function creationOf(name: string, options: AddOptions) {
  const body = { name, write: familiesOf(options.write), act: actOf(options) }
  if (body.act.mode !== "off" && body.write.length === 0)
    throw new UsageError(`--act ${body.act.mode} wants --write traffic, --write security or both`)
  return body
}

/** What is left to do in the cluster before somebody can write as himself. */
const actHint = ({ mode, users, groups }: ActInstall): string =>
  mode === "mapped"
    ? `\nYou will write as ${[`the user ${users[0] ?? ""}`, ...groups.map((group) => `the group ${group}`)].join(", ")}: Kubernetes decides what they may do. More people: data of the ConfigMap smm-agent-policy in smm-system.\n`
    : mode === "anonymous"
      ? "\nTry-out: every member will write with the agent's own account.\n"
      : ""

const stages: [keyof ClusterInfo["join"] | "inventory", string][] = [
  ["manifestFetchedAt", "manifest fetched"],
  ["connectedAt", "agent connected"],
  ["identifiedAt", "cluster identified"],
  ["firstMetricsAt", "first metrics"],
]

/** Prints each step of a join as it happens, until the first metrics. */
async function followJoin({ io, client }: Context, clusterId: string): Promise<void> {
  const told = new Set<string>()
  const tell = (text: string): void => {
    if (told.has(text)) return
    told.add(text)
    io.err(`${text}\n`)
  }
  for (;;) {
    const { join } = await client.call("getCluster", { params: { cluster: clusterId } })
    for (const [moment, words] of stages) if (join[moment] !== null) tell(words)
    if (join.connectedAt !== null)
      tell(
        `inventory ${formatCount(join.inventory.objects)} of ${formatCount(join.inventory.expected)} objects`,
      )
    if (join.inventory.doneAt !== null && join.firstMetricsAt !== null) return
    await io.sleep(2_000)
  }
}

export function addCluster(add: Add): void {
  const clusters = add.program.command("clusters").description("Clusters of the organization")
  clusters
    .command("list")
    .description("Link state, versions and staleness of every cluster")
    .action(
      signedIn(add, async ({ io, flags, client }) => {
        const answer = await client.call("listClusters")
        print(io, flags.output, answer, {
          rows: answer.items,
          columns: clusterColumns(io.now()),
          empty: "No clusters yet. Add one: smm clusters add NAME",
        })
        return undefined
      }),
    )
  clusters
    .command("add")
    .argument("<name>", "lower case letters, digits and -")
    .addOption(
      new Option("--write <families>", "what the agent may change: traffic, security")
        .default([])
        .argParser(collect),
    )
    .option("--act <mode>", "who writes: off, mapped (as users of Kubernetes) or anonymous (try-out)", "")
    .addOption(
      new Option("--as-user <user>", "a user of Kubernetes; you write as the first, more may be mapped later")
        .default([])
        .argParser(collect),
    )
    .addOption(
      new Option("--as-group <group>", "a group of that user, once for each").default([]).argParser(collect),
    )
    .option("--wait", "follow the join until the first metrics")
    .description("Make a cluster and print the line that installs its agent")
    .action(
      signedIn(add, async (context, name: string, options: AddOptions) => {
        const { io, flags, client } = context
        const body = creationOf(name, options)
        const made = await client.call("createCluster", { body })
        if (isDocument(flags.output)) io.out(documentText(flags.output, made))
        else {
          io.err(`Run this once, within ${formatAge(made.expiresAt - io.now())}, against the cluster:\n\n`)
          io.out(`${made.command}\n`)
          io.err(actHint(body.act))
        }
        if (options.wait) await followJoin(context, made.cluster.clusterId)
        return undefined
      }),
    )
  addRemoval(add, clusters)
}

function addRemoval(add: Add, clusters: ReturnType<Add["program"]["command"]>): void {
  clusters
    .command("remove")
    .argument("<name>", "name or id")
    .option("--yes", "without it nothing is removed")
    .description("Remove a cluster and all that is known of it; its agent is refused from then on")
    .action(
      signedIn(add, async ({ io, client }, name: string, options: { yes?: true }) => {
        const cluster = await clusterNamed(client, name)
        if (!options.yes) {
          io.err(
            `This removes ${cluster.name}: ${formatCount(cluster.objects)} objects and all history; its agent is refused from then on. Say so: smm clusters remove ${cluster.name} --yes\n`,
          )
          return exitCode.negative
        }
        await client.call("removeCluster", { params: { cluster: cluster.clusterId } })
        io.err(`Removed ${cluster.name}. In the cluster: kubectl delete namespace smm-system\n`)
        return exitCode.ok
      }),
    )
}
