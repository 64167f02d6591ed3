import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { text as readText } from "node:stream/consumers"

/** An object of Kubernetes, as loose as the stub takes it. */
export type Resource = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; [field: string]: unknown }
  [field: string]: unknown
}

/** Kinds whose names are more than a capitalized word, as lists of them must say. */
const kinds = [
  ...["ConfigMap", "EndpointSlice", "ServiceAccount", "CustomResourceDefinition", "ClusterTrustBundle"],
  ...["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "IngressClass", "DaemonSet"],
  ...["StatefulSet", "ReplicaSet", "HorizontalPodAutoscaler", "PodDisruptionBudget", "VirtualService"],
  ...["DestinationRule", "ServiceEntry", "WorkloadEntry", "WorkloadGroup", "EnvoyFilter", "ProxyConfig"],
  ...["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication", "WasmPlugin", "TrafficExtension"],
  ...["GatewayClass", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "ReferenceGrant", "BackendTLSPolicy"],
  ...[
    "Lease",
    "ListenerSet",
    "XListenerSet",
    "XBackendTrafficPolicy",
    "InferencePool",
    "CertificateSigningRequest",
  ],
]

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase()
  if (/(s|x|ch)$/.test(lower)) return kind === "Endpoints" ? lower : `${lower}es`
  return /[^aeo]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`
}

const kindOf = (plural: string): string =>
  kinds.find((kind) => pluralOf(kind) === plural) ??
  plural.replace(/^./, (first) => first.toUpperCase()).replace(/(?<=s)es$|(?<!s)s$/, "")

const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : ""
const idOf = ({ metadata }: Resource): string => `${metadata.namespace ?? ""}/${metadata.name}`

type Watch = {
  table: string
  wants: (object: Resource) => boolean
  send: (type: string, object: Resource) => void
}
type Target = {
  table: string
  apiVersion: string
  namespace: string
  name: string | undefined
  /** `status`, or empty. */
  part: string
  query: URLSearchParams
}

/** What a path of the API names; undefined for what is no list and no object. */
function targetOf(url: URL): Target | undefined {
  const parts = url.pathname.split("/").filter((part) => part !== "")
  const [root, ...rest] = parts
  const path = root === "api" ? rest.slice(1) : rest.slice(2)
  const group = root === "api" ? "" : (rest[0] ?? "")
  if ((root !== "api" && root !== "apis") || path.length === 0) return undefined
  const scoped = path[0] === "namespaces" && path.length >= 3
  const [plural = "", name, part = ""] = scoped ? path.slice(2) : path
  return {
    table: `${group}/${plural}`,
    apiVersion: group === "" ? "v1" : `${group}/${rest[1] ?? "v1"}`,
    namespace: scoped ? (path[1] ?? "") : "",
    name,
    part,
    query: url.searchParams,
  }
}

function merged(old: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch
  const result = new Map(Object.entries((old ?? {}) as Record<string, unknown>))
  for (const [key, value] of Object.entries(patch))
    if (value === null) result.delete(key)
    else result.set(key, merged(result.get(key), value))
  return Object.fromEntries(result)
}

/**
 * A Kubernetes API as large as istiod's informers ask for: list, watch, get, create, update, merge patch and delete, in memory, on loopback. It checks
 * nothing and knows no rights: something for istiod to read from, not an API server.
 */
export class KubeStub {
  readonly #tables = new Map<string, Map<string, Resource>>()
  readonly #watches = new Set<Watch>()
  #version = 1
  #server: Server | undefined

  #table(name: string): Map<string, Resource> {
    const known = this.#tables.get(name) ?? new Map<string, Resource>()
    this.#tables.set(name, known)
    return known
  }

  #tell(table: string, type: string, object: Resource): void {
    for (const watch of this.#watches)
      if (watch.table === table && watch.wants(object)) watch.send(type, object)
  }

  /** Creates or replaces. */
  apply(object: Resource, table = `${groupOf(object.apiVersion)}/${pluralOf(object.kind)}`): Resource {
    const items = this.#table(table)
    const old = items.get(idOf(object))
    this.#version += 1
    const next: Resource = {
      ...object,
      metadata: {
        uid: `uid-${this.#version}`,
        creationTimestamp: "2026-01-01T00:00:00Z",
        generation: this.#version,
        ...(old && { uid: old.metadata["uid"] }),
        ...object.metadata,
        resourceVersion: String(this.#version),
      },
    }
    items.set(idOf(object), next)
    this.#tell(table, old ? "MODIFIED" : "ADDED", next)
    return next
  }

  all(): Resource[] {
    return [...this.#tables.values()].flatMap((items) => [...items.values()])
  }

  /** Whether it was there. */
  remove(object: Resource): boolean {
    return this.#remove(`${groupOf(object.apiVersion)}/${pluralOf(object.kind)}`, idOf(object))
  }

  #remove(table: string, id: string): boolean {
    const old = this.#table(table).get(id)
    if (!old) return false
    this.#table(table).delete(id)
    this.#version += 1
    this.#tell(table, "DELETED", {
      ...old,
      metadata: { ...old.metadata, resourceVersion: String(this.#version) },
    })
    return true
  }

  #watch(
    target: Target,
    wants: Watch["wants"],
    shape: (object: Resource) => Resource,
    response: ServerResponse,
  ): void {
    response.writeHead(200, { "content-type": "application/json" })
    const send: Watch["send"] = (type, object) =>
      void response.write(`${JSON.stringify({ type, object: shape(object) })}\n`)
    const initial = target.query.get("sendInitialEvents") === "true"
    const from = initial ? 0 : Number(target.query.get("resourceVersion") ?? 0)
    for (const object of this.#table(target.table).values())
      if (wants(object) && Number(object.metadata["resourceVersion"]) > from) send("ADDED", object)
    if (initial)
      send("BOOKMARK", {
        apiVersion: target.apiVersion,
        kind: "",
        metadata: {
          name: "",
          resourceVersion: String(this.#version),
          annotations: { "k8s.io/initial-events-end": "true" },
        },
      })
    else response.flushHeaders()
    const watch = { table: target.table, wants, send }
    this.#watches.add(watch)
    response.on("close", () => this.#watches.delete(watch))
  }

  async #write(target: Target, request: IncomingMessage): Promise<[number, unknown]> {
    const { table, namespace, name } = target
    const id = `${namespace}/${name ?? ""}`
    const old = this.#table(table).get(id)
    if (request.method === "DELETE") return this.#remove(table, id) ? [200, success] : [404, failure(404)]
    const body = JSON.parse((await readText(request)) || "{}") as Resource
    if (request.method === "POST") {
      const metadata = { ...body.metadata, ...(namespace === "" ? {} : { namespace }) }
      if (this.#table(table).has(`${namespace}/${metadata.name}`)) return [409, failure(409)]
      return [201, this.apply({ ...body, metadata }, table)]
    }
    if (!old && request.method === "PUT") return [404, failure(404)]
    if (old && target.part === "status") return [200, this.apply({ ...old, status: body["status"] }, table)]
    const next = (request.method === "PUT" ? body : merged(old, body)) as Resource
    const metadata = { ...next.metadata, name: name ?? "", ...(namespace === "" ? {} : { namespace }) }
    return [200, this.apply({ ...next, metadata }, table)]
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://stub")
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" })
      response.end(JSON.stringify(body))
    }
    if (url.pathname === "/version") return send(200, { major: "1", minor: "36", gitVersion: "v1.36.0" })
    const target = targetOf(url)
    if (target === undefined)
      return send(200, { kind: "APIGroupList", apiVersion: "v1", groups: [], versions: ["v1"] })
    if (request.method !== "GET") return send(...(await this.#write(target, request)))
    const onlyMetadata = (request.headers.accept ?? "").includes("as=PartialObjectMetadata")
    const shape = (object: Resource): Resource =>
      onlyMetadata
        ? { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata", metadata: object.metadata }
        : { ...object, apiVersion: target.apiVersion, kind: kindOf(target.table.split("/")[1] ?? "") }
    if (target.name !== undefined) {
      const object = this.#table(target.table).get(`${target.namespace}/${target.name}`)
      return object ? send(200, shape(object)) : send(404, failure(404))
    }
    const wants = wanted(target)
    if (/^(1|true)$/.test(target.query.get("watch") ?? "")) return this.#watch(target, wants, shape, response)
    const items = [...this.#table(target.table).values()].filter(wants).map(shape)
    send(200, {
      apiVersion: onlyMetadata ? "meta.k8s.io/v1" : target.apiVersion,
      kind: onlyMetadata ? "PartialObjectMetadataList" : `${kindOf(target.table.split("/")[1] ?? "")}List`,
      metadata: { resourceVersion: String(this.#version) },
      items,
    })
  }

  /** Listens on a free port of loopback; answers its address. */
  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    })
    server.requestTimeout = 0
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(0, "127.0.0.1", resolve)
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }
}

const success = { kind: "Status", apiVersion: "v1", status: "Success" }
const failure = (code: number) => ({
  ...{ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", code },
  ...{
    reason: code === 404 ? "NotFound" : "AlreadyExists",
    message: code === 404 ? "not found" : "is there",
  },
})

/** Whether an object is in the namespace and has the fields and labels that are asked for; terms with anything but `=` are passed over. */
function wanted({ namespace, query }: Target): (object: Resource) => boolean {
  const terms = (name: string): [string, string][] =>
    (query.get(name) ?? "").split(",").flatMap((term): [string, string][] => {
      const [, field, value] = /^([^!=()]+)==?([^=]*)$/.exec(term) ?? []
      return field === undefined || value === undefined ? [] : [[field, value]]
    })
  const [fields, labels] = [terms("fieldSelector"), terms("labelSelector")]
  const at = (object: unknown, path: string): unknown =>
    path
      .split(".")
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object)
  return (object) =>
    (namespace === "" || object.metadata.namespace === namespace) &&
    fields.every(([field, value]) => String(at(object, field) ?? "") === value) &&
    labels.every(
      ([label, value]) =>
        (object.metadata["labels"] as Record<string, string> | undefined)?.[label] === value,
    )
}
