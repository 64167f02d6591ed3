import { Hono } from "hono"
import { WriteFamily } from "#shared/api/cluster.ts"
import { AppError, errorStatus } from "#shared/error.ts"
import { limitStrangers } from "../auth/strangers.ts"
import type { Cloud } from "../cloud.ts"
import { joinGrant } from "../link/join.ts"
import { Clusters } from "../store/cluster.ts"
import { manifest } from "./manifest.ts"

/** A person with a shell reads this: plain text, and a status with which `curl -f` fails, so that nothing reaches `kubectl apply`. */
const refusal = ({ code, message, detail: { retryAfterSeconds } }: AppError): Response =>
  new Response(`smm: ${message}\n`, {
    status: errorStatus[code],
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    },
  })

function tokenOf(authorization: string | undefined): string {
  const token = /^Bearer (.*)$/s.exec(authorization ?? "")?.[1]
  if (token === undefined)
    throw new AppError(
      "join.invalid",
      'this wants the join token: curl -fsSL -H "Authorization: Bearer <join token>" <server>/install | kubectl apply -f -',
    )
  return token
}

/** `?write=traffic,security`; without it, what was chosen when the cluster was added. */
function familiesOf(write: string | undefined, chosen: readonly WriteFamily[]): WriteFamily[] {
  if (write === undefined) return [...chosen]
  const names = write.split(",").filter((name) => name !== "")
  return [...new Set(names)].map((name) => {
    const family = WriteFamily.safeParse(name)
    if (!family.success)
      throw new AppError(
        "input.invalid",
        `write=${JSON.stringify(name)}: wants ${WriteFamily.options.join(", ")}`,
      )
    return family.data
  })
}

/** `GET /install`: the manifest for one join token, which stays unspent until the agent joins. */
export function createInstall(cloud: Cloud): Hono {
  const app = new Hono()
  app.use(limitStrangers(cloud))
  app.get("/", async (c) => {
    const token = tokenOf(c.req.header("authorization"))
    const { organizationId, cluster, held } = await joinGrant(cloud, token)
    if (held.used !== null)
      throw new AppError(
        "join.used",
        "this join token was used already; make another one on the page Clusters",
      )
    const text = manifest({
      server: cloud.publicUrl,
      token,
      name: cluster.name,
      image: cloud.agentImage,
      write: familiesOf(c.req.query("write"), cluster.write),
      act: cluster.act,
      policyFor: cluster.carriesPolicy ? cluster.addedBy : [],
    })
    if (cluster.manifestFetchedAt === null) {
      await Clusters.reached(cloud, organizationId, cluster, "manifestFetchedAt")
      await Clusters.note(cloud, organizationId, cluster.clusterId, {
        kind: "manifest",
        message: "The install manifest was fetched",
      })
    }
    return c.body(text, 200, {
      "content-type": "application/yaml; charset=utf-8",
      "cache-control": "no-store",
    })
  })
  app.onError((error) => {
    if (error instanceof AppError) return refusal(error)
    cloud.log.error({ err: error }, "install failed")
    return refusal(new AppError("internal", "something failed on our side; try again in a minute"))
  })
  return app
}
