import type { ObjectInput } from "#demo/kube/store.ts"
import { type Behaviour, type Call } from "#demo/traffic/behaviour.ts"
import { account, behaviour, call, deployment, service, statefulSet } from "./parts.ts"

/** A service with the workloads behind it and what they call: one line of a mesh's table. */
export type App = {
  namespace: string
  name: string
  protocol: Call["protocol"]
  port: number
  /** Name of the service's port, which tells Istio the protocol. */
  portName: string
  replicas: number
  latencyMs: number
  /** Empty: one workload without a version label. */
  versions: readonly string[]
  kind: "Deployment" | "StatefulSet"
  sidecar: boolean
  errors: Behaviour["errors"]
  /** `namespace/name` and how often per request. */
  calls: readonly { to: string; perRequest: number; critical?: boolean }[]
  image: string | undefined
}

export const app = (namespace: string, name: string, over: Partial<App> = {}): App => ({
  namespace,
  name,
  protocol: "http",
  port: 8080,
  portName: over.protocol ?? "http",
  replicas: 1,
  latencyMs: 5,
  versions: [],
  kind: "Deployment",
  sidecar: true,
  errors: { share: 0, code: 500, grpc: "13" },
  calls: [],
  image: undefined,
  ...over,
})

export const hostOf = (of: Pick<App, "namespace" | "name">): string =>
  `${of.name}.${of.namespace}.svc.cluster.local`

/** Account, service, and a Deployment or StatefulSet for each version. */
export function appObjects(spec: App): ObjectInput[] {
  const { namespace, name, port, portName, kind, versions } = spec
  const workloads = (versions.length === 0 ? [""] : versions).map((version) => {
    const input = {
      namespace,
      name: version === "" ? name : `${name}-${version}`,
      labels: {
        app: name,
        ...(version === "" ? {} : { version }),
        ...(spec.sidecar ? {} : { "sidecar.istio.io/inject": "false" }),
      },
      replicas: spec.replicas,
      account: name,
      port,
      ...(spec.image === undefined ? {} : { image: spec.image }),
    }
    return kind === "StatefulSet" ? statefulSet({ ...input, service: name }) : deployment(input)
  })
  const headless = kind === "StatefulSet" ? { spec: { clusterIP: "None" } } : {}
  return [
    account(namespace, name),
    service(namespace, name, [{ name: portName, port }], headless),
    ...workloads,
  ]
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** Calls of one app to another, as the callee's protocol has them. */
export function callTo(target: App, perRequest: number, critical = false): Call {
  const common = { host: hostOf(target), port: target.port, protocol: target.protocol, perRequest, critical }
  if (target.protocol === "tcp") return call({ ...common, bytes: { sent: 220, received: 1_900 } })
  if (target.protocol === "grpc")
    return call({
      ...common,
      method: "POST",
      path: `/${target.namespace}.${capital(target.name.replaceAll("-", ""))}/Get`,
      bytes: { sent: 140, received: 760 },
    })
  return call({ ...common, path: `/api/${target.name}` })
}

/** How every app behaves; calls to apps that are not in the table are an error of the table. */
export function behavioursOf(
  apps: readonly App[],
  extra: ReadonlyMap<string, App> = new Map(),
): Map<string, Behaviour> {
  const byName = new Map([...apps.map((spec) => [`${spec.namespace}/${spec.name}`, spec] as const), ...extra])
  return new Map(
    apps.map((spec) => [
      `${spec.namespace}/${spec.name}`,
      behaviour(
        spec.latencyMs,
        spec.calls.map(({ to, perRequest, critical }) => {
          const target = byName.get(to)
          if (!target)
            throw new Error(`${spec.namespace}/${spec.name} calls ${to}, which the mesh does not have`)
          return callTo(target, perRequest, critical)
        }),
        spec.errors,
      ),
    ]),
  )
}
