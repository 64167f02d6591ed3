import { Hono } from "hono"
import { createApi } from "./api/app.ts"
import type { Cloud } from "./cloud.ts"
import { createInstall } from "./install/install.ts"
import { createLinkApi } from "./link/api.ts"

/** Everything that is answered over HTTP but the console's files: `/api/v1`, `/link`, `/install`. The same in Lambda and in the local server. */
export function createApp(cloud: Cloud): Hono {
  const app = new Hono()
  app.route("/link", createLinkApi(cloud))
  app.route("/install", createInstall(cloud))
  const api = createApi(cloud)
  app.all("/api/*", (c) => api.fetch(c.req.raw, c.env as Record<string, unknown>))
  return app
}
