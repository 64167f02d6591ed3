import { ulid } from "ulid"
import { AppError } from "#shared/error.ts"
import { problemOf } from "#shared/problem.ts"
import { type ConsoleDown, ConsoleUp, type View } from "#shared/protocol/console.ts"
import { kindsNamed } from "#shared/kube/kinds.ts"
import { actorOf } from "../auth/actor.ts"
import { type Cloud, hashOf } from "../cloud.ts"
import { setPace, wantedTickMs } from "../link/pace.ts"
import { linkOf } from "../mesh/cluster-info.ts"
import { Clusters } from "../store/cluster.ts"
import { Connections } from "../store/connection.ts"
import { Links } from "../store/link.ts"
import { Secret } from "../store/secret.ts"
import { Watches } from "../store/watch.ts"
import { publishCluster } from "./publish.ts"
import { sendPatch } from "./patch.ts"
import { limitsOf, recheck } from "./rights.ts"

/** Subscriptions of one connection. */
const mostWatches = 32
/** A console pings every 30 s; what became of a silent link since then is told at its ping. */
const pingMs = 45_000
/** Well below the three minutes after which a subscription belongs to nobody. */
const renewEveryMs = 25_000

const send = (cloud: Cloud, connection: string, message: ConsoleDown) =>
  cloud.sockets.send(connection, JSON.stringify(message))

/** Lets a console in by its ticket, which is spent. @throws AppError auth.origin, auth.required: the handshake is refused */
export async function onConnect(
  cloud: Cloud,
  { connection, ticket, origin }: { connection: string; ticket: string; origin: string | undefined },
): Promise<void> {
  if (origin !== undefined && !cloud.origins.includes(origin))
    throw new AppError("auth.origin", `a page of ${origin} may not open this socket`)
  const hash = hashOf(ticket)
  const grant = await Secret.live(cloud, hash, ["console"])
  if (!grant || !(await Secret.spend(cloud, hash, connection)))
    throw new AppError(
      "auth.required",
      "this ticket is not known, was used, or is older than 60 s; ask for another",
    )
  const actor = await actorOf(cloud, grant.credential, grant.organizationId)
  await Connections.create(cloud, {
    type: "console",
    connection,
    organizationId: actor.organizationId,
    credential: grant.credential,
    ...limitsOf(actor),
    checkedAt: cloud.now(),
    renewedAt: cloud.now(),
  })
}

/** Takes one text message of a console. */
export async function onMessage(cloud: Cloud, connection: string, text: string): Promise<void> {
  if (!(await recheck(cloud, connection))) return cloud.sockets.close(connection, 1008, "auth.required")
  const own = await Connections.read(cloud, connection)
  if (own?.type !== "console") return
  try {
    await renew(cloud, own)
    await take(cloud, own, parse(text))
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    await send(cloud, connection, { type: "error", problem: problemOf(error, ulid()) })
  }
}

function parse(text: string): ConsoleUp {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new AppError("input.invalid", "the message is not JSON")
  }
  const parsed = ConsoleUp.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AppError(
    "input.invalid",
    `${issue?.path.join(".") ?? ""} ${issue?.message ?? "is not a message"}`.trim(),
  )
}

function take(cloud: Cloud, own: Connections.ConsoleConnection, message: ConsoleUp): Promise<unknown> {
  switch (message.type) {
    case "subscribe":
      return subscribe(cloud, own, message)
    case "unsubscribe":
      return unsubscribe(cloud, own, message.id)
    case "ack":
      return acknowledge(cloud, own, message)
    case "ping":
      return ping(cloud, own)
  }
}

/** A view of what does not exist for the caller is refused, with the same words whether it is nothing or somebody else's. */
async function demandView(cloud: Cloud, own: Connections.ConsoleConnection, view: View): Promise<void> {
  if (view.type === "clusters" || view.type === "changes") return
  if (view.type !== "topology" && kindsNamed(view.kind).length === 0)
    throw new AppError("kind.not_found", `no kind "${view.kind}" in the inventory`)
  for (const clusterId of view.type === "object" ? [view.cluster] : new Set(view.clusters)) {
    const mine = own.clusters === null || own.clusters.includes(clusterId)
    if (!mine || !(await Clusters.find(cloud, own.organizationId, clusterId)))
      throw Clusters.notFound(clusterId)
  }
}

async function subscribe(
  cloud: Cloud,
  own: Connections.ConsoleConnection,
  { id, view }: Extract<ConsoleUp, { type: "subscribe" }>,
): Promise<void> {
  await demandView(cloud, own, view)
  const watches = await Watches.ofConnection(cloud, own.organizationId, own.connection)
  if (watches.length >= mostWatches && !watches.some((watch) => watch.id === id))
    throw new AppError(
      "subscription.invalid",
      `a connection has at most ${mostWatches} subscriptions; end some`,
    )
  const { connection, clusters, sight, organizationId } = own
  await Watches.create(cloud, organizationId, {
    connection,
    id,
    view,
    seq: 0,
    acked: 0,
    behind: false,
    clusters,
    sight,
  })
  await send(cloud, connection, { type: "subscribed", id })
  const before = watches.filter((watch) => watch.id === id)
  await setPaces(cloud, organizationId, [...before.map((watch) => watch.view), view])
}

async function unsubscribe(cloud: Cloud, own: Connections.ConsoleConnection, id: string): Promise<void> {
  const watches = await Watches.ofConnection(cloud, own.organizationId, own.connection)
  await Watches.remove(cloud, own.organizationId, own.connection, id)
  await setPaces(
    cloud,
    own.organizationId,
    watches.filter((watch) => watch.id === id).map(({ view }) => view),
  )
}

/** Room again after it was behind: one `reload` stands for everything that was left out. */
async function acknowledge(
  cloud: Cloud,
  own: Connections.ConsoleConnection,
  { id, seq }: Extract<ConsoleUp, { type: "ack" }>,
): Promise<void> {
  const before = await Watches.acknowledge(cloud, own.organizationId, own.connection, id, seq)
  if (before?.behind && seq > before.acked && seq <= before.seq)
    await sendPatch(cloud, own.organizationId, { ...before, acked: seq, behind: false }, { type: "reload" })
}

/** Whoever says anything is there: a console that draws one view and acknowledges it need not ping for a view that is quiet. */
async function renew(cloud: Cloud, own: Connections.ConsoleConnection): Promise<void> {
  if (cloud.now() - own.renewedAt < renewEveryMs) return
  const watches = await Watches.ofConnection(cloud, own.organizationId, own.connection)
  await Promise.all(watches.map((watch) => Watches.renew(cloud, own.organizationId, watch)))
  await Connections.change(cloud, own.connection, { renewedAt: cloud.now() })
}

async function ping(cloud: Cloud, own: Connections.ConsoleConnection): Promise<void> {
  const watches = await Watches.ofConnection(cloud, own.organizationId, own.connection)
  await send(cloud, own.connection, { type: "pong" })
  if (watches.some(({ view }) => view.type === "clusters"))
    await tellSilence(cloud, own.organizationId, watches)
}

/** Nothing comes from a link that fell silent: its consoles learn it here, when they ask whether we are alive. */
async function tellSilence(
  cloud: Cloud,
  organizationId: string,
  watches: readonly Watches.Watch[],
): Promise<void> {
  for (const cluster of await Clusters.list(cloud, organizationId)) {
    const owner = { organizationId, clusterId: cluster.clusterId }
    const link = await Links.read(cloud, owner)
    const now = linkOf(cluster, link, cloud.now())
    const before = linkOf(cluster, link, cloud.now() - pingMs)
    if (now.link !== before.link) await publishCluster(cloud, owner, watches)
  }
}

/** Each cluster whose graph these views show, or showed, is measured as often as somebody wants to see. */
async function setPaces(cloud: Cloud, organizationId: string, views: readonly View[]): Promise<void> {
  const graphs = views.filter((view) => view.type === "topology")
  if (graphs.length === 0) return
  const named = graphs.some(({ clusters }) => clusters.length === 0)
    ? (await Clusters.list(cloud, organizationId)).map(({ clusterId }) => clusterId)
    : [...new Set(graphs.flatMap(({ clusters }) => clusters))]
  const watches = await Watches.list(cloud, organizationId)
  await Promise.all(
    named.map(async (clusterId) => {
      const owner = { organizationId, clusterId }
      const link = await Links.read(cloud, owner)
      if (link?.connection) await setPace(cloud, owner, link, await wantedTickMs(cloud, owner, watches))
    }),
  )
}

/** Forgets the connection and what it watched; the clusters it watched go back to their own pace. */
export async function onDisconnect(cloud: Cloud, connection: string): Promise<void> {
  const own = await Connections.read(cloud, connection)
  await Connections.remove(cloud, connection)
  if (own?.type !== "console") return
  const watches = await Watches.ofConnection(cloud, own.organizationId, connection)
  await Promise.all(watches.map(({ id }) => Watches.remove(cloud, own.organizationId, connection, id)))
  await setPaces(
    cloud,
    own.organizationId,
    watches.map(({ view }) => view),
  )
}
