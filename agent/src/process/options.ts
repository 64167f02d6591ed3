import { createHash } from "node:crypto"
import { join } from "node:path"
import { parseArgs } from "node:util"

/** A mistake of the caller: one line, exit 2. */
export class UsageError extends Error {
  override name = "UsageError"
}

export type Settings = {
  kubeconfig?: string
  context?: string
  namespace?: string
  server: string
  token?: string
  tokenFile?: string
  /** Name of the cluster, for people and to keep two agents of one machine apart. */
  name?: string
  prometheus?: string
  /** File with the policy for writing; undefined: the ConfigMap of the namespace. */
  policy?: string
  /** Folder of the identity; undefined: the Secret of the namespace. */
  state?: string
  probes?: { host: string; port: number }
  tickFloorMs?: number
  pod: string
  logLevel: string
}

export const usage = `usage: smm-agent --server URL [--token T | --token-file F] [--kubeconfig F [--context C]] [--name N]
                 [--prometheus URL] [--state DIR] [--namespace N] [--policy FILE] [--port N | --listen HOST:PORT]
                 [--tick-floor SECONDS] [--log-level LEVEL]

Watches the mesh of one Kubernetes cluster and tells a Service Mesh Manager about it. In a cluster it runs under its service account;
outside it wants --kubeconfig. Each option may also be given as a variable: --token-file is SMM_TOKEN_FILE.

  --server       address of the Service Mesh Manager, http(s)://host[:port]
  --token        one-time join token (smj_...); needed for the first start only
  --token-file   file that holds it
  --kubeconfig   how to reach the cluster, and --context which of it
  --name         name of the cluster
  --prometheus   address of the cluster's Prometheus; found among the services, or replaced by the proxies' own metrics, when not given
  --state        folder for the agent's key (default ~/.smm-agent/<hash>; in a cluster: the Secret smm-agent-identity)
  --namespace    namespace of the agent's Secret, Lease and policy (default in a cluster: its own)
  --policy       file that says what may be written, and as whom (default: the ConfigMap smm-agent-policy of the namespace)
  --port         /healthz, /readyz and /metrics on loopback, 0 picks (default in a cluster: all addresses, 8080; outside: off)
  --tick-floor   seconds between measurements at least (default 5)
  --log-level    debug, info, warn, error or silent (default info)
`

const names = [
  "server",
  "token",
  "token-file",
  "kubeconfig",
  "context",
  "name",
  "prometheus",
  "state",
  "namespace",
  "policy",
  "port",
  "listen",
  "tick-floor",
  "log-level",
] as const
type Name = (typeof names)[number]
type Values = Partial<Record<Name, string>>

function valuesOf(args: readonly string[], environment: NodeJS.ProcessEnv): Values & { help?: boolean } {
  const values: Values = {}
  for (const name of names) {
    const value = environment[`SMM_${name.toUpperCase().replaceAll("-", "_")}`]
    if (value) values[name] = value
  }
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]))
    const parsed = parseArgs({
      args: [...args],
      options: { ...options, help: { type: "boolean", short: "h" } },
    })
    // The type of a computed option table is lost; every one of them but help is a string.
    return { ...values, ...(parsed.values as Values & { help?: boolean }) }
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error))
  }
}

function urlOf(option: string, text: string): URL {
  if (!URL.canParse(text))
    throw new UsageError(`--${option} wants an address such as https://mesh.example, not "${text}"`)
  const url = new URL(text)
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new UsageError(`--${option} wants http or https, not "${url.protocol}//"`)
  return url
}

function portOf(option: string, text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new UsageError(`--${option} wants a port of 0 to 65535, not "${text}"`)
  return port
}

function probesOf(values: Values, inCluster: boolean): Settings["probes"] | undefined {
  if (values.listen !== undefined) {
    const cut = values.listen.lastIndexOf(":")
    if (cut < 1) throw new UsageError(`--listen wants HOST:PORT, not "${values.listen}"`)
    return { host: values.listen.slice(0, cut), port: portOf("listen", values.listen.slice(cut + 1)) }
  }
  const host = inCluster ? "0.0.0.0" : "127.0.0.1"
  if (values.port !== undefined) return { host, port: portOf("port", values.port) }
  return inCluster ? { host, port: 8080 } : undefined
}

function floorOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (!(seconds >= 1 && seconds <= 3_600))
    throw new UsageError(`--tick-floor wants 1 to 3600 seconds, not "${text}"`)
  return seconds * 1000
}

const levels = ["debug", "info", "warn", "error", "silent"]

/** Which agent this is among those of one machine: another server, cluster or name is another one. */
const stateName = (values: Values): string =>
  createHash("sha256")
    .update(
      [values.server, values.kubeconfig, values.context, values.name].map((value) => value ?? "").join("\n"),
    )
    .digest("hex")
    .slice(0, 16)

function isInCluster({ kubeconfig, context }: Values, environment: NodeJS.ProcessEnv): boolean {
  if (kubeconfig !== undefined) return false
  if (context !== undefined) throw new UsageError("--context is of a kubeconfig; give --kubeconfig too")
  if (environment["KUBERNETES_SERVICE_HOST"] !== undefined) return true
  throw new UsageError("--kubeconfig is missing: outside of a cluster it says how to reach it")
}

/** What was asked for on the command line and in the environment. @throws UsageError; "help" when the usage was asked for */
export function readSettings(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  home: string,
): Settings | "help" {
  const { help, ...values } = valuesOf(args, environment)
  if (help) return "help"
  if (values.server === undefined)
    throw new UsageError("--server is missing: the address of the Service Mesh Manager")
  const server = urlOf("server", values.server)
  if (values.prometheus !== undefined) urlOf("prometheus", values.prometheus)
  const inCluster = isInCluster(values, environment)
  const logLevel = values["log-level"] ?? "info"
  if (!levels.includes(logLevel))
    throw new UsageError(`--log-level wants one of ${levels.join(", ")}, not "${logLevel}"`)
  const keepsSecret = inCluster || values.namespace !== undefined
  const state = values.state ?? (keepsSecret ? undefined : join(home, ".smm-agent", stateName(values)))
  const probes = probesOf(values, inCluster)
  const tickFloorMs = floorOf(values["tick-floor"])
  return {
    server: server.href.replace(/\/+$/, ""),
    pod: environment["SMM_POD"] ?? (inCluster ? (environment["HOSTNAME"] ?? "") : ""),
    logLevel,
    ...optional({ kubeconfig: values.kubeconfig, context: values.context, namespace: values.namespace }),
    ...optional({ token: values.token, tokenFile: values["token-file"], name: values.name }),
    ...optional({ prometheus: values.prometheus, policy: values.policy, state, probes, tickFloorMs }),
  }
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }
const optional = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>
