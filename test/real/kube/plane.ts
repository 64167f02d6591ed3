import { generateKeyPairSync } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { request } from "node:https"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { issueCertificate } from "./certificate.ts"
import { freePorts, launchGuarded, type GuardedProcess } from "./guarded-process.ts"

/** A running etcd and kube-apiserver on loopback. It has no controllers, no nodes and no default service accounts. */
export type Plane = {
  /** `https://127.0.0.1:PORT` */
  server: string
  caFile: string
  caCert: string
  /** Path of a kubeconfig of the administrator (group system:masters). */
  kubeconfig: string
  adminToken: string
  /** Path of the audit log, a JSON event a line, without the administrator's own calls; null without `audit`. */
  auditLog: string | null
  /** Path of kubectl, or null when the folder of the parts has none. */
  kubectl: string | null
  /** Folder that is removed on stop. */
  folder: string
  /** Writes a kubeconfig for a bearer token (of a service account, say); returns its path. */
  writeKubeconfig(name: string, token: string): Promise<string>
  /** Compacts etcd to its last revision: resource versions before it are gone from it. */
  compact(): Promise<void>
  /** Kills the API server as a crash would, without starting it again. */
  kill(): Promise<void>
  /** Kills the API server, when it runs, and starts it on the same port and data. Resolves when it is ready. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export type PlaneOptions = {
  /** Write an audit log of every request but the administrator's. */
  audit?: boolean
}

/** The folder with etcd, kube-apiserver and kubectl. */
export const planeAssets = (): string =>
  process.env["KUBEBUILDER_ASSETS"] ?? join(homedir(), ".cache", "smm-real-parts", "kube")

/** Why no plane can start here and how to change that; null when one can. */
export function planeMissing(): string | null {
  const absent = ["etcd", "kube-apiserver"].filter((name) => !existsSync(join(planeAssets(), name)))
  if (absent.length === 0) return null
  return `no ${absent.join(", ")} in ${planeAssets()}; run test/real/kube/build.sh ${planeAssets()} (needs Go) or set KUBEBUILDER_ASSETS`
}

/** Path of kubectl beside the other parts, or null. */
export function kubectlPath(): string | null {
  const file = join(planeAssets(), "kubectl")
  return existsSync(file) ? file : null
}

class PortTaken extends Error {}

/** Starts a plane on free ports. @throws Error with the tail of the program's log when it does not become ready in 2 min. */
export async function startPlane(options: PlaneOptions = {}): Promise<Plane> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === 3) throw error
    }
  }
}

const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "None", userGroups: ["system:masters"] },
    { level: "None", users: ["system:apiserver"] },
    { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*"] },
    { level: "Metadata", resources: [{ group: "", resources: ["secrets", "serviceaccounts/token"] }] },
    { level: "Metadata", resources: [{ group: "authentication.k8s.io" }] },
    { level: "Request", verbs: ["create", "update", "patch", "delete", "deletecollection"] },
    { level: "Metadata" },
  ],
}

const adminUser = "plane-admin"
const serverNames = [
  "127.0.0.1",
  "10.0.0.1",
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
]

type Files = { folder: string; put(name: string, text: string): Promise<string> }

async function writeKeys({ put }: Files, adminToken: string): Promise<{ caCert: string; flags: string[] }> {
  const authority = issueCertificate({ name: "plane-ca" })
  const server = issueCertificate({ name: "kube-apiserver", sans: serverNames, usage: "server" }, authority)
  const accounts = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const publicKey = accounts.publicKey.export({ type: "spki", format: "pem" }).toString()
  const privateKey = accounts.privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  const caFile = await put("ca.crt", authority.cert)
  return {
    caCert: authority.cert,
    flags: [
      `--client-ca-file=${caFile}`,
      `--tls-cert-file=${await put("apiserver.crt", server.cert)}`,
      `--tls-private-key-file=${await put("apiserver.key", server.key)}`,
      `--service-account-key-file=${await put("sa.pub", publicKey)}`,
      `--service-account-signing-key-file=${await put("sa.key", privateKey)}`,
      `--token-auth-file=${await put("tokens.csv", `${adminToken},${adminUser},admin,"system:masters"\n`)}`,
    ],
  }
}

const readyStatus = (server: string, ca: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const call = request(`${server}/readyz`, { ca, agent: false, timeout: 2000 }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.on("timeout", () => call.destroy())
    call.on("error", reject)
    call.end()
  })

const logTail = async (process: GuardedProcess) => (await readFile(process.logFile, "utf8")).slice(-3000)

async function untilReady(processes: GuardedProcess[], probe: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; ; await sleep(40)) {
    for (const process of processes) {
      if (process.code() === null) continue
      const tail = await logTail(process)
      const message = `${process.name} exited with ${process.code()} before the API server was ready:\n${tail}`
      throw tail.includes("address already in use") ? new PortTaken(message) : new Error(message)
    }
    if (await probe().catch(() => false)) return
    const last = processes.at(-1)
    if (Date.now() > deadline && last)
      throw new Error(`the API server was not ready after 120 s; ${last.name} says:\n${await logTail(last)}`)
  }
}

async function startOnce(options: PlaneOptions): Promise<Plane> {
  const missing = planeMissing()
  if (missing !== null) throw new Error(missing)
  const folder = await mkdtemp(join(tmpdir(), "smm-plane-"))
  const put = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const [etcdPort = 0, apiPort = 0] = await freePorts(2)
  const server = `https://127.0.0.1:${apiPort}`
  const etcd = `http://127.0.0.1:${etcdPort}`
  const adminToken = `plane-admin-${crypto.randomUUID()}`
  const keys = await writeKeys({ folder, put }, adminToken)
  const auditLog = options.audit ? join(folder, "audit.log") : null
  const auditFlags = auditLog
    ? [
        `--audit-policy-file=${await put("audit-policy.json", JSON.stringify(auditPolicy))}`,
        `--audit-log-path=${auditLog}`,
        "--audit-log-mode=blocking",
      ]
    : []
  const start = (name: string, args: string[]) =>
    launchGuarded({ name, program: join(planeAssets(), name), args, folder, env: { GOGC: "50" } })
  const startApi = () =>
    start("kube-apiserver", [
      `--etcd-servers=${etcd}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${apiPort}`,
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      "--service-cluster-ip-range=10.0.0.0/16",
      "--authorization-mode=Node,RBAC",
      "--allow-privileged=true",
      // a loopback address is not allowed as an endpoint
      "--endpoint-reconciler-type=none",
      "--profiling=false",
      // else an open watch delays a graceful stop by 60 s
      "--shutdown-watch-termination-grace-period=1s",
      // without controllers nobody makes the "default" service accounts, and pods would be refused
      "--disable-admission-plugins=ServiceAccount",
      ...keys.flags,
      ...auditFlags,
    ])
  const processes: GuardedProcess[] = []
  const ready = () =>
    untilReady(processes, async () => {
      const health = await fetch(`${etcd}/health`)
      return health.ok && (await readyStatus(server, keys.caCert)) === 200
    })
  const writeKubeconfig = (name: string, token: string) =>
    put(
      `${name}.kubeconfig`,
      JSON.stringify(kubeconfig({ server, name, token, caCert: keys.caCert }), null, 1),
    )
  let stopping: Promise<void> | undefined
  const stopAll = async () => {
    for (const process of processes.toReversed()) await process.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const stop = () => (stopping ??= stopAll())
  const kill = async () => {
    const api = processes[1]
    if (!api || api.code() !== null) return
    process.kill(await api.pid(), "SIGKILL")
    await api.done
  }
  try {
    processes.push(
      await start("etcd", [
        `--data-dir=${join(folder, "etcd")}`,
        `--listen-client-urls=${etcd}`,
        `--advertise-client-urls=${etcd}`,
        "--listen-peer-urls=http://127.0.0.1:0",
        "--initial-advertise-peer-urls=http://127.0.0.1:0",
        "--initial-cluster=default=http://127.0.0.1:0",
        "--unsafe-no-fsync=true",
        "--log-level=warn",
        "--metrics=basic",
      ]),
    )
    processes.push(await startApi())
    await ready()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    server,
    caFile: join(folder, "ca.crt"),
    caCert: keys.caCert,
    kubeconfig: await writeKubeconfig("admin", adminToken),
    adminToken,
    auditLog,
    kubectl: kubectlPath(),
    folder,
    writeKubeconfig,
    compact: () => compactEtcd(etcd),
    kill,
    restart: async () => {
      await kill()
      processes.splice(1, 1, await startApi())
      await ready()
    },
    stop,
  }
}

async function compactEtcd(etcd: string): Promise<void> {
  const call = async (method: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${etcd}/v3/kv/${method}`, { method: "POST", body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`etcd answered ${answer.status} to ${method}: ${await answer.text()}`)
    return answer.json()
  }
  const { header } = (await call("range", { key: "AA==", limit: 1 })) as { header: { revision: string } }
  await call("compaction", { revision: header.revision, physical: true })
}

/** JSON is YAML, so every reader of kubeconfigs takes it. */
const kubeconfig = (user: { server: string; name: string; token: string; caCert: string }) => ({
  apiVersion: "v1",
  kind: "Config",
  clusters: [
    {
      name: "plane",
      cluster: {
        server: user.server,
        "certificate-authority-data": Buffer.from(user.caCert).toString("base64"),
      },
    },
  ],
  users: [{ name: user.name, user: { token: user.token } }],
  contexts: [{ name: "plane", context: { cluster: "plane", user: user.name } }],
  "current-context": "plane",
})
