import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pino } from "pino"
import { parse } from "yaml"
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core"
import { createSignInCode } from "#cloud/auth/sign-in.ts"
import { type LocalCloud, startLocal } from "#cloud/local/server.ts"
import { type Client, createClient } from "#shared/api/client.ts"
import type { GuardedProcess } from "#test/real/kube/guarded-process.ts"
import { chromiumMissing, startBrowser } from "./browser.ts"
import { logOf, root, startRoom, until } from "./room.ts"

const build = join(root, "web/build")

/** Why the console cannot be looked at here; null when it can. */
export const consoleMissing = (): string | null =>
  chromiumMissing() ??
  (existsSync(join(build, "200.html"))
    ? null
    : "the console is not built; run node cli/start/build.mjs web, or npm run e2e")

export type Opened = BrowserContextOptions & {
  /** Another user than the owner of the organization `local`. */
  userId?: string
  organizationId?: string
  theme?: "dark" | "light" | "system"
}

/** A local cloud in this process with the built console on it, a browser, and demo clusters with their agents as own processes. */
export type Rig = {
  cloud: LocalCloud
  /** As the owner. */
  client: Client
  browser: Browser
  /** Errors that pages threw or wrote, and requests to other machines. A resource that failed is not one: tests let some fail. */
  problems: string[]
  /** The cloud's clock jumps ahead. */
  advance(ms: number): void
  signInLink(userId?: string): Promise<string>
  /** An own context, signed in. */
  context(options?: Opened): Promise<BrowserContext>
  /** A page of an own context, signed in, at this path. */
  open(path: string, options?: Opened): Promise<Page>
  /** @returns path of its kubeconfig */
  demo(mesh: "bookinfo" | "shop" | "large"): Promise<string>
  agent(
    name: string,
    kubeconfig: string,
    joinToken?: string,
    more?: readonly string[],
  ): Promise<GuardedProcess>
  /** A demo cluster whose agent may act, with all its objects and its first edges. */
  acting(name: string, mesh: "bookinfo" | "shop"): Promise<{ cluster: string; kubeconfig: string }>
  stop(): Promise<void>
}

export async function startConsole(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), "smm-e2e-console-"))
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  let ahead = 0
  const cloud = await startLocal({
    port: 0,
    data: null,
    consoleFolder: build,
    log: pino({ level: "silent" }),
    now: () => Date.now() + ahead,
  })
  ends.push(() => cloud.close())
  const browser = await startBrowser()
  ends.push(() => browser.close())
  const problems: string[] = []

  function watch(page: Page): void {
    page.on("pageerror", ({ message }) => problems.push(message))
    page.on("console", (message) => {
      const text = message.text()
      if (message.type() === "error" && !/^(Failed to load resource|WebSocket connection to)/.test(text))
        problems.push(text)
    })
    page.on("request", (request) => {
      const url = request.url()
      if (!url.startsWith(cloud.url) && !/^(data|blob):/.test(url)) problems.push(`asked ${url}`)
    })
  }

  const signInLink = async (userId = cloud.owner.userId): Promise<string> =>
    `${cloud.url}/sign-in?code=${await createSignInCode(cloud.cloud, userId)}`

  async function context({
    userId,
    organizationId,
    theme,
    ...options
  }: Opened = {}): Promise<BrowserContext> {
    const opened = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
    opened.on("page", watch)
    const code = new URL(await signInLink(userId)).searchParams.get("code")
    const answer = await opened.request.post(`${cloud.url}/api/v1/session`, {
      data: { code },
      headers: { origin: cloud.url },
    })
    if (!answer.ok()) throw new Error(`signing in answered ${answer.status()}: ${await answer.text()}`)
    const chosen = { ...(theme ? { theme } : {}), ...(organizationId ? { organizationId } : {}) }
    await opened.addInitScript((preferences) => {
      if (location.protocol.startsWith("http") && localStorage.getItem("smm.preferences") === null)
        localStorage.setItem("smm.preferences", JSON.stringify(preferences))
    }, chosen)
    return opened
  }

  async function demo(mesh: "bookinfo" | "shop" | "large"): Promise<string> {
    const own = join(folder, mesh)
    await mkdir(own)
    const kubeconfig = join(own, "kubeconfig")
    const room = await startRoom(
      `demo-${mesh}`,
      "demo/src/main.ts",
      ["--mesh", mesh, "--kubeconfig-out", kubeconfig],
      own,
    )
    ends.push(() => room.stop())
    await until(
      "the demo's ready line",
      async () => ((await logOf(room)).includes('"ready"') ? true : undefined),
      { room },
    )
    return kubeconfig
  }

  async function agent(
    name: string,
    kubeconfig: string,
    joinToken?: string,
    more: readonly string[] = [],
  ): Promise<GuardedProcess> {
    const own = join(folder, `agent-${name}`)
    await mkdir(own, { recursive: true })
    const room = await startRoom(
      `agent-${name}`,
      "agent/src/main.ts",
      [
        ...["--kubeconfig", kubeconfig, "--server", cloud.url, "--state", own],
        ...(joinToken === undefined ? [] : ["--token", joinToken]),
        ...more,
      ],
      own,
    )
    ends.push(() => room.stop())
    return room
  }

  const client = createClient({ server: cloud.url, fetch, token: cloud.owner.token })

  async function acting(
    name: string,
    mesh: "bookinfo" | "shop",
  ): Promise<{ cluster: string; kubeconfig: string }> {
    const kubeconfig = await demo(mesh)
    const made = await client.call("createCluster", { body: { name, write: ["traffic", "security"] } })
    const cluster = made.cluster.clusterId
    const room = await agent(name, kubeconfig, made.token, ["--namespace", "smm-system"])
    await until(
      "an agent that may act, with all objects and the first edges",
      async () => {
        const info = await client.call("getCluster", { params: { cluster } })
        const { edges } = await client.call("getTopology", {})
        const query = { namespace: "bookinfo" }
        const access = await client.call("getAccess", { params: { cluster }, query })
        return edges.length > 0 &&
          info.join.inventory.doneAt !== null &&
          access.mode === "mapped" &&
          access.refused === null
          ? true
          : undefined
      },
      { room, seconds: 120 },
    )
    return { cluster, kubeconfig }
  }

  return {
    cloud,
    client,
    browser,
    problems,
    advance: (ms) => void (ahead += ms),
    signInLink,
    context,
    async open(path, options) {
      const page = await (await context(options)).newPage()
      await page.goto(`${cloud.url}${path}`)
      return page
    },
    demo,
    agent,
    acting,
    async stop() {
      for (const end of ends.toReversed()) await end()
    },
  }
}

/** What a search parameter of the page's address says, once it says it. */
export const inAddress = (page: Page, key: string, value: string | null): Promise<void> =>
  page.waitForURL((url) => url.searchParams.get(key) === value)

type Kubeconfig = {
  clusters: { cluster: { server: string } }[]
  users: { user: { token: string } }[]
}

/** Asks the API server of a kubeconfig. @throws Error with what it answered */
export type KubeCall = <T>(method: string, path: string, body?: object, contentType?: string) => Promise<T>

export async function kubeCallOf(kubeconfig: string): Promise<KubeCall> {
  const { clusters, users } = parse(await readFile(kubeconfig, "utf8")) as Kubeconfig
  return async <T>(method: string, path: string, body?: object, contentType = "application/json") => {
    const answer = await fetch(`${clusters[0]?.cluster.server ?? ""}${path}`, {
      method,
      headers: { "content-type": contentType, authorization: `Bearer ${users[0]?.user.token ?? ""}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
    return (await answer.json()) as T
  }
}
