import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Agent, request } from "undici"
import { parseAllDocuments } from "yaml"
import type { Plane } from "#test/real/kube/plane.ts"
import { fixtures, until } from "./room.ts"

export type KubeObject = {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    [more: string]: unknown
  }
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
}

const clusterScoped = new Set([
  "Namespace",
  "Node",
  "CustomResourceDefinition",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
])
const irregular: Record<string, string> = {
  ValidatingAdmissionPolicy: "validatingadmissionpolicies",
  Gateway: "gateways",
  ServiceEntry: "serviceentries",
  GatewayClass: "gatewayclasses",
}
const pluralOf = (kind: string): string => irregular[kind] ?? `${kind.toLowerCase()}s`

/** Of the collection that it is in. */
export function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = clusterScoped.has(kind) ? "" : `/namespaces/${metadata.namespace ?? "default"}`
  return `${base}${scope}/${pluralOf(kind)}`
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** Writes objects to the real API server, as its administrator. */
export type KubeWriter = {
  /** A call of its own. @throws Error with what the server answered */
  call<T = KubeObject>(method: Method, path: string, body?: unknown): Promise<T>
  create(object: KubeObject): Promise<KubeObject>
  /** Creates it, and sets the status that a controller or kubelet would set. */
  createWithStatus(object: KubeObject, status: Record<string, unknown>): Promise<KubeObject>
  createFile(path: string, namespace?: string): Promise<KubeObject[]>
  close(): Promise<void>
}

export function kubeWriter(plane: Plane): KubeWriter {
  const dispatcher = new Agent({ connect: { ca: plane.caCert }, connections: 16 })
  const call = async <T>(method: Method, path: string, body?: unknown): Promise<T> => {
    const answer = await request(`${plane.server}${path}`, {
      method,
      dispatcher,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${plane.adminToken}`,
        "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json",
      },
    })
    const text = await answer.body.text()
    // Of a server that has just started: its storage is not ready.
    if (answer.statusCode === 429) {
      await sleep(1000 * (Number(answer.headers["retry-after"]) || 1))
      return call(method, path, body)
    }
    if (answer.statusCode >= 300) throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text}`)
    return JSON.parse(text) as T
  }
  const create = (object: KubeObject) => call<KubeObject>("POST", pathOf(object), object)
  return {
    call,
    create,
    createWithStatus: async (object, status) => {
      const { metadata } = await create(object)
      return call("PATCH", `${pathOf(object)}/${metadata.name}/status`, { status })
    },
    createFile: async (path, namespace) => {
      const text = await readFile(join(fixtures, path), "utf8")
      const objects = parseAllDocuments(text)
        .map((document) => document.toJS() as KubeObject | null)
        .filter((object) => object !== null)
      const made: KubeObject[] = []
      for (const object of objects) {
        const metadata = namespace ? { ...object.metadata, namespace } : object.metadata
        const placed = { ...object, metadata }
        made.push(await until(`${object.kind} ${metadata.name}`, () => create(placed), { seconds: 20 }))
      }
      return made
    },
    close: () => dispatcher.destroy(),
  }
}

/** A deployment's own objects, as the controllers of a whole cluster would have made them: a replica set, and pods that are ready. */
export async function runPods(kube: KubeWriter, deployment: KubeObject, count: number): Promise<void> {
  const template = deployment.spec?.["template"] as {
    metadata: { labels: Record<string, string> }
    spec: object
  }
  const { namespace = "default", name } = deployment.metadata
  const ownedBy = (owner: KubeObject) => [
    {
      apiVersion: owner.apiVersion,
      kind: owner.kind,
      name: owner.metadata.name,
      uid: owner.metadata.uid,
      controller: true,
    },
  ]
  const set = await kube.create({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-7d4f`,
      namespace,
      labels: template.metadata.labels,
      ownerReferences: ownedBy(deployment),
    },
    spec: { replicas: count, selector: { matchLabels: template.metadata.labels }, template },
  })
  const { containers } = template.spec as { containers: object[] }
  const proxy = { name: "istio-proxy", image: "docker.io/istio/proxyv2:1.27.1" }
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      kube.createWithStatus(
        {
          apiVersion: "v1",
          kind: "Pod",
          metadata: {
            name: `${name}-7d4f-${i}`,
            namespace,
            labels: template.metadata.labels,
            ownerReferences: ownedBy(set),
          },
          spec: { ...template.spec, containers: [...containers, proxy] },
        },
        {
          phase: "Running",
          podIP: `10.1.${i}.${(name.length * 7) % 250}`,
          conditions: [{ type: "Ready", status: "True" }],
        },
      ),
    ),
  )
}

const service = (namespace: string, name: string, port: number): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace, labels: { app: name } },
  spec: { selector: { app: name }, ports: [{ name: port === 80 ? "http" : "tcp", port }] },
})

const deployment = (
  namespace: string,
  { app, version, replicas }: { app: string; version: string; replicas: number },
  labels: Record<string, string> = {},
): KubeObject => {
  const all = { app, ...(version === "" ? {} : { version }), ...labels }
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: version === "" ? app : `${app}-${version}`, namespace, labels: all },
    spec: {
      replicas,
      selector: { matchLabels: all },
      template: {
        metadata: { labels: all },
        spec: { containers: [{ name: app, image: `registry.invalid/${app}` }] },
      },
    },
  }
}

/** How many services the second namespace has, and pods behind each. */
export const load = { namespace: "load", services: 30, pods: 10 }

/** With its pods, as controllers would have made them. */
async function started(kube: KubeWriter, object: KubeObject, count: number): Promise<void> {
  const status = { replicas: count, readyReplicas: count, availableReplicas: count }
  await runPods(kube, await kube.createWithStatus(object, status), count)
}

const injected = { "istio-injection": "enabled" }
const namespace = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
})

/** The definitions of Istio and Gateway API, and Bookinfo with a gateway and a database. */
export async function createBookinfo(kube: KubeWriter): Promise<void> {
  await kube.createFile("crds/istio.yaml")
  await kube.createFile("crds/gateway-api.yaml")
  await kube.create(namespace("istio-system"))
  await kube.create(namespace("bookinfo", injected))
  await kube.create(service("istio-system", "istio-ingressgateway", 80))
  const gateway = { app: "istio-ingressgateway", version: "", replicas: 1 }
  await started(kube, deployment("istio-system", gateway, { istio: "ingressgateway" }), 1)
  const bookinfo = await kube.createFile("bookinfo/bookinfo.yaml", "bookinfo")
  for (const object of bookinfo) if (object.kind === "Deployment") await runPods(kube, object, 1)
  await kube.create(service("bookinfo", "mongodb", 27017))
  await started(kube, deployment("bookinfo", { app: "mongodb", version: "v1", replicas: 1 }), 1)
  for (const file of ["bookinfo-gateway", "destination-rule-all", "egress-rule-google-apis"])
    await kube.createFile(`bookinfo/${file}.yaml`, "bookinfo")
}

/** Bookinfo, and 300 pods of 30 services beside it. */
export async function createMesh(kube: KubeWriter): Promise<void> {
  await createBookinfo(kube)
  await kube.create(namespace(load.namespace, injected))
  for (let i = 0; i < load.services; i++) {
    await kube.create(service(load.namespace, `svc-${i}`, 80))
    await started(
      kube,
      deployment(load.namespace, { app: `svc-${i}`, version: "v1", replicas: load.pods }),
      load.pods,
    )
  }
}
