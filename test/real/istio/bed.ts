import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { Agent, type IncomingHttpHeaders, request } from "node:http"
import { connect as connectTcp } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { connect as connectTls } from "node:tls"
import { type GuardedProcess, freePorts, launchGuarded } from "../kube/guarded-process.ts"
import { bootstrap, type Proxy } from "./bootstrap.ts"
import { KubeStub, type Resource } from "./kube-stub.ts"

export type Answer = { status: number; body: string; headers: IncomingHttpHeaders }

/** What an Envoy logged of a request. */
export type Logged = { route: string; cluster: string; flags: string; status: number }

export type Bed = {
  stub: KubeStub
  /** Sends a request to a proxy's port. */
  ask: (proxy: string, port: number, request: Partial<Asked>) => Promise<Answer>
  /** Connects to a proxy's port, with TLS when a name is given; answers under which id it is logged, or null when it is not taken. */
  connect: (proxy: string, port: number, sni: string | null) => Promise<string | null>
  /** What a proxy logged, by the value of the header `x-ask`. Complete up to the requests that were answered before. */
  logged: (proxy: string, ids: readonly string[]) => Promise<Map<string, Logged>>
  /** What istiod's own HTTP port answers, as `/debug/configz`. */
  istiod: (path: string) => Promise<Answer>
  /** What a proxy's admin port answers. */
  admin: (proxy: string, path: string) => Promise<Answer>
  /** Statistics of a proxy whose names match. */
  stats: (proxy: string, names: RegExp) => Promise<Map<string, number>>
  /** Lines of a program's log (`istiod`, or a proxy's name) that match. */
  log: (name: string, lines: RegExp) => Promise<string[]>
  stop: () => Promise<void>
}
export type Asked = { method: string; path: string; headers: Record<string, string> }

const program = (variable: string, file: string): string =>
  process.env[variable] ??
  join(
    process.env["SMM_PARTS"] ?? join(process.env["HOME"] ?? "/root", ".cache", "smm-real-parts"),
    "istio",
    file,
  )

/** Why no bed can be made here, and how to change that; null when one can. */
export function bedMissing(): string | null {
  const absent = [program("SMM_ISTIOD", "pilot-discovery"), program("SMM_ENVOY", "envoy")].filter(
    (file) => !existsSync(file),
  )
  if (absent.length === 0) return null
  return `no ${absent.join(", ")}; run test/real/istio/build.sh ~/.cache/smm-real-parts/istio (needs Go) or set SMM_ISTIOD and SMM_ENVOY`
}

let beds = 0

/** Addresses of loopback that no other bed of this machine uses: from the process's id, and the count of beds. */
export function addresses(count: number): string[] {
  const base = (process.pid * 16 + beds * 4) % (120 * 255 * 60)
  beds += 1
  const [second, third] = [130 + (Math.floor(base / (255 * 60)) % 120), Math.floor(base / 60) % 255]
  return Array.from({ length: count }, (_, index) => `127.${second}.${third}.${(base % 60) * 4 + 1 + index}`)
}

/** Repeats until the answer is not false. @throws Error with `what` after 20 s */
export async function until<T>(what: string, attempt: () => Promise<T | false>): Promise<T> {
  for (let tries = 0; tries < 800; tries += 1) {
    const answer = await attempt().catch(() => false as const)
    if (answer !== false) return answer
    await sleep(25)
  }
  throw new Error(`timed out: ${what}`)
}

type Target = { host: string; port: number }
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

function send(
  { host, port }: Target,
  { method = "GET", path = "/", headers = {} }: Partial<Asked>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host, port, method, path, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          headers: response.headers,
        }),
      )
    })
      .on("error", reject)
      .end()
  })
}

/** Opens a connection and waits until the other side ends it, which an Envoy without endpoints does at once. */
function connect({ host, port }: Target, sni: string | null): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port })
    let id: string | null = null
    socket.once("connect", () => {
      id = `port ${socket.localPort ?? 0}`
      if (sni === null) socket.write("hello\n")
      else connectTls({ socket, servername: sni, rejectUnauthorized: false }).on("error", () => undefined)
    })
    socket.on("error", () => undefined)
    socket.on("data", () => undefined)
    socket.once("close", () => resolve(id))
    socket.setTimeout(5_000, () => socket.destroy())
  })
}

/** CRDs that istiod waits for before it watches a kind. */
const definitions = [
  ...["virtualservices", "destinationrules", "gateways", "serviceentries", "sidecars", "envoyfilters"].map(
    (plural) => `${plural}.networking.istio.io`,
  ),
  "peerauthentications.security.istio.io",
  ...[
    "gatewayclasses",
    "gateways",
    "httproutes",
    "grpcroutes",
    "tlsroutes",
    "tcproutes",
    "referencegrants",
  ].map((plural) => `${plural}.gateway.networking.k8s.io`),
]

const definition = (name: string): Resource => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name, annotations: { "gateway.networking.k8s.io/bundle-version": "v1.6.0" } },
  spec: { group: name.slice(name.indexOf(".") + 1) },
  status: { conditions: [{ type: "Established", status: "True" }] },
})

/** An upstream Envoy knows none of Istio's own filters; these keep istiod from sending them. */
const istiodEnv = {
  PILOT_ENABLE_METADATA_EXCHANGE: "false",
  PILOT_ENABLE_ALPN_FILTER: "false",
  PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: "false",
  PILOT_ENABLE_ALPHA_GATEWAY_API: "true",
  ENABLE_CA_SERVER: "false",
  PILOT_CERT_PROVIDER: "none",
  PILOT_DEBOUNCE_AFTER: "10ms",
  POD_NAMESPACE: "istio-system",
  POD_NAME: "istiod-0",
  CLUSTER_ID: "Kubernetes",
}

const logFormat =
  "ASKED\t%REQ(X-ASK)%\t%ROUTE_NAME%\t%UPSTREAM_CLUSTER_RAW%\t%RESPONSE_FLAGS%\t%RESPONSE_CODE%\t%DOWNSTREAM_REMOTE_PORT%\n"

export const meshConfig = {
  enableAutoMtls: false,
  enablePrometheusMerge: false,
  outboundTrafficPolicy: { mode: "REGISTRY_ONLY" },
  extensionProviders: [
    { name: "asked", envoyFileAccessLog: { path: "/dev/stdout", logFormat: { text: logFormat } } },
  ],
  defaultProviders: { accessLogging: ["asked"] },
}

async function startIstiod(
  folder: string,
  server: string,
): Promise<{ process: GuardedProcess; xds: number; own: Target }> {
  const [http = 0, xds = 0, monitoring = 0, ctrlz = 0] = await freePorts(4)
  const file = (name: string) => join(folder, name)
  const cluster = { name: "stub", cluster: { server } }
  const context = { name: "stub", context: { cluster: "stub", user: "stub" } }
  const kubeconfig = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "stub" },
    ...{ clusters: [cluster], contexts: [context], users: [{ name: "stub", user: {} }] },
  }
  await writeFile(file("kubeconfig"), JSON.stringify(kubeconfig))
  await writeFile(file("mesh.yaml"), JSON.stringify(meshConfig))
  const flags = [
    ...["discovery", "--registries=Kubernetes", "--kubeconfig", file("kubeconfig")],
    ...["--meshConfig", file("mesh.yaml"), "--httpAddr", `127.0.0.1:${http}`, "--httpsAddr", ""],
    ...[
      "--grpcAddr",
      `127.0.0.1:${xds}`,
      "--secureGRPCAddr",
      "",
      "--monitoringAddr",
      `127.0.0.1:${monitoring}`,
    ],
    ...["--ctrlz_address", "127.0.0.1", "--ctrlz_port", String(ctrlz)],
    ...["--kubernetesApiQPS", "1000", "--kubernetesApiBurst", "2000"],
  ]
  const istiod = await launchGuarded({
    name: "istiod",
    program: program("SMM_ISTIOD", "pilot-discovery"),
    args: flags,
    folder,
    env: istiodEnv,
  })
  const own = { host: "127.0.0.1", port: http }
  await until("istiod is ready", async () => {
    if (istiod.code() !== null) throw new Error("istiod ended")
    return (await send(own, { path: "/ready" })).status === 200
  })
  return { process: istiod, xds, own }
}

async function startEnvoy(
  folder: string,
  proxy: Proxy,
  xds: number,
): Promise<{ process: GuardedProcess; admin: Target }> {
  const [port = 0] = await freePorts(1)
  const admin = { host: "127.0.0.1", port }
  const file = join(folder, `${proxy.name}.json`)
  await writeFile(file, JSON.stringify(bootstrap(proxy, { admin: port, xds })))
  const started = await launchGuarded({
    name: proxy.name,
    program: program("SMM_ENVOY", "envoy"),
    args: [
      ...["-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"],
      ...["--file-flush-interval-msec", "20"],
    ],
    folder,
  })
  await until(`${proxy.name} is ready`, async () => (await send(admin, { path: "/ready" })).status === 200)
  return { process: started, admin }
}

/** istiod over these objects, and a real Envoy for each proxy, all on loopback and free ports. */
export async function startBed(objects: readonly Resource[], proxies: readonly Proxy[]): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), "smm-istio-"))
  const stub = new KubeStub()
  for (const object of [...definitions.map(definition), ...objects]) stub.apply(object)
  const istiod = await startIstiod(folder, await stub.listen())
  const running = new Map(
    await Promise.all(
      proxies.map(
        async (proxy) => [proxy.name, { proxy, ...(await startEnvoy(folder, proxy, istiod.xds)) }] as const,
      ),
    ),
  )
  const of = (name: string) => {
    const found = running.get(name)
    if (!found) throw new Error(`no proxy ${name}`)
    return found
  }
  const lines = async (name: string): Promise<string[]> =>
    (await readFile(join(folder, `${name}.log`), "utf8")).split("\n")
  return {
    stub,
    ask: (name, port, asked) => send({ host: of(name).proxy.address, port }, asked),
    connect: (name, port, sni) => connect({ host: of(name).proxy.address, port }, sni),
    logged: (name, ids) =>
      until(`${name} logged`, async () => {
        const found = new Map((await lines(name)).flatMap(entryOf))
        return ids.every((id) => found.has(id)) && found
      }),
    istiod: (path) => send(istiod.own, { path }),
    admin: (name, path) => send(of(name).admin, { path }),
    stats: async (name, names) => {
      const { body } = await send(of(name).admin, { path: "/stats?format=json" })
      const { stats } = JSON.parse(body) as { stats: { name?: string; value?: number }[] }
      return new Map(
        stats.flatMap(({ name: stat, value }) =>
          stat !== undefined && value !== undefined && names.test(stat) ? [[stat, value] as const] : [],
        ),
      )
    },
    log: async (name, pattern) => (await lines(name)).filter((line) => pattern.test(line)),
    stop: async () => {
      await Promise.all([...running.values(), istiod].map(({ process: started }) => started.stop()))
      stub.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function entryOf(line: string): [string, Logged][] {
  const [start, asked = "-", route = "", cluster = "", flags = "", status = "", from = ""] = line.split("\t")
  const id = asked === "-" ? `port ${from}` : asked
  return start === "ASKED" ? [[id, { route, cluster, flags, status: Number(status) }]] : []
}
