import type { ObjectInput } from "#demo/kube/store.ts"
import type { Behaviour, Call, Demand } from "#demo/traffic/behaviour.ts"

/** A demo mesh: its objects, in an order in which they can be created, and who calls whom. */
export type DemoMesh = { name: string; objects: readonly ObjectInput[]; demand: Demand }

export const istioVersion = "1.30.2"
export const proxyImage = `docker.io/istio/proxyv2:${istioVersion}`

type Labels = Record<string, string>

export const object = (
  apiVersion: string,
  kind: string,
  at: { namespace?: string; name: string; labels?: Labels; annotations?: Labels },
  rest: Record<string, unknown>,
): ObjectInput => ({ apiVersion, kind, metadata: at, ...rest })

export const namespace = (name: string, labels: Labels = {}): ObjectInput =>
  object("v1", "Namespace", { name, labels }, {})

export const account = (namespace: string, name: string): ObjectInput =>
  object("v1", "ServiceAccount", { namespace, name }, {})

export const istio = (
  kind: string,
  namespace: string,
  name: string,
  spec: Record<string, unknown>,
): ObjectInput => object("networking.istio.io/v1", kind, { namespace, name }, { spec })

export const security = (
  kind: string,
  namespace: string,
  name: string,
  spec: Record<string, unknown>,
): ObjectInput => object("security.istio.io/v1", kind, { namespace, name }, { spec })

export type PortInput = { name: string; port: number; target?: number | string }

export const service = (
  namespace: string,
  name: string,
  ports: readonly PortInput[],
  over: { selector?: Labels; labels?: Labels; spec?: Record<string, unknown> } = {},
): ObjectInput =>
  object(
    "v1",
    "Service",
    { namespace, name, labels: { app: name, ...over.labels } },
    {
      spec: {
        selector: over.selector ?? { app: name },
        ports: ports.map(({ target, ...port }) => ({
          ...port,
          protocol: "TCP",
          targetPort: target ?? port.port,
        })),
        ...over.spec,
      },
    },
  )

export type WorkloadInput = {
  namespace: string
  name: string
  labels: Labels
  replicas?: number
  account?: string
  image?: string
  port?: number
  annotations?: Labels
  env?: readonly { name: string; value: string }[]
}

const podTemplate = ({ labels, annotations = {}, account, image, port, name, env }: WorkloadInput) => ({
  metadata: { labels, annotations },
  spec: {
    ...(account === undefined ? {} : { serviceAccountName: account }),
    containers: [
      {
        name: labels["app"] ?? name,
        image: image ?? `registry.example.com/shop/${labels["app"] ?? name}:1.${name.length}.0`,
        ...(port === undefined ? {} : { ports: [{ containerPort: port, protocol: "TCP" }] }),
        ...(env === undefined ? {} : { env }),
        resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
      },
    ],
  },
})

/** Labels that tell apart what a controller owns: a version is part of them. */
const selectorOf = (labels: Labels): Labels =>
  Object.fromEntries(
    ["app", "version", "istio"].flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])),
  )

export const deployment = (input: WorkloadInput): ObjectInput =>
  object(
    "apps/v1",
    "Deployment",
    { namespace: input.namespace, name: input.name, labels: input.labels },
    {
      spec: {
        replicas: input.replicas ?? 1,
        selector: { matchLabels: selectorOf(input.labels) },
        template: podTemplate(input),
      },
    },
  )

export const statefulSet = (input: WorkloadInput & { service: string }): ObjectInput =>
  object(
    "apps/v1",
    "StatefulSet",
    { namespace: input.namespace, name: input.name, labels: input.labels },
    {
      spec: {
        replicas: input.replicas ?? 1,
        serviceName: input.service,
        selector: { matchLabels: selectorOf(input.labels) },
        template: podTemplate(input),
      },
    },
  )

/** A call with the usual values for what is not said. */
export const call = (over: Partial<Call> & Pick<Call, "host" | "port">): Call => ({
  protocol: "http",
  perRequest: 1,
  method: "GET",
  path: "/",
  headers: {},
  bytes: { sent: 380, received: 2_400 },
  critical: false,
  ...over,
})

export const behaviour = (
  latencyMs: number,
  calls: readonly Call[] = [],
  errors?: Partial<Behaviour["errors"]>,
): Behaviour => ({
  latencyMs,
  errors: { share: 0, code: 500, grpc: "13", ...errors },
  calls,
})
