import { type KubeObject, type ObjectRef, refOf } from "../kube/object.ts"
import { type Json, list, number, record, stringMap, strings, text } from "../topology/fact/read.ts"
import { serviceHost } from "./host.ts"

export type Protocol = "http" | "grpc" | "tls" | "tcp" | "udp" | "auto"
export type ServicePort = {
  name: string
  number: number
  /** Number, or the name of a container's port. */
  target: number | string
  protocol: Protocol
}

/** An entry of the service registry: a Kubernetes Service, or one host of a ServiceEntry. */
export type RegistryService = {
  host: string
  name: string
  namespace: string
  ports: readonly ServicePort[]
  /** `*`, `.`, `~` or namespaces; empty: everywhere. */
  exportTo: readonly string[]
  /** Outside of the mesh: no sidecar is expected there, no mTLS is tried. */
  external: boolean
  /** How addresses are found: `CLUSTER` (Kubernetes), or the ServiceEntry's NONE, STATIC, DNS, DNS_ROUND_ROBIN. */
  resolution: string
  /** Labels of the pods and workload entries behind it; empty: none by labels. */
  selector: Readonly<Record<string, string>>
  headless: boolean
  /** Endpoints written into a ServiceEntry. */
  endpoints: readonly { address: string; labels: Readonly<Record<string, string>>; weight: number }[]
  object: ObjectRef
  created: string
}

const families: readonly [RegExp, Protocol][] = [
  [/^grpc(-web)?$/, "grpc"],
  [/^(http|http2|kubernetes\.io\/h2c|h2c)$/, "http"],
  [/^(https|tls)$/, "tls"],
  [/^udp$/, "udp"],
  [/^(tcp|mongo|mysql|redis)$/, "tcp"],
]

const familyOf = (name: string): Protocol | undefined =>
  families.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1]

/** Source: istio.io, "Protocol Selection": appProtocol, then the prefix of the port's name, else sniffing. */
function protocolOf(port: Json): Protocol {
  if (port["protocol"] === "UDP") return "udp"
  const declared = familyOf(text(port["appProtocol"]))
  if (declared) return declared
  const name = text(port["name"])
  if (name.startsWith("grpc-web")) return "grpc"
  return familyOf(name.split("-")[0] ?? "") ?? "auto"
}

const exportToOf = (annotation: string): string[] =>
  annotation
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")

export function kubernetesService(object: KubeObject, domain: string): RegistryService {
  const spec = record(object["spec"])
  const namespace = object.metadata.namespace ?? ""
  const { name } = object.metadata
  return {
    host: serviceHost(name, namespace, domain),
    name,
    namespace,
    ports: list(spec["ports"])
      .map(record)
      .map((port) => ({
        name: text(port["name"]),
        number: number(port["port"]),
        target:
          typeof port["targetPort"] === "string"
            ? port["targetPort"]
            : number(port["targetPort"] ?? port["port"]),
        protocol: protocolOf(port),
      })),
    exportTo: exportToOf(object.metadata.annotations?.["networking.istio.io/exportTo"] ?? ""),
    external: spec["type"] === "ExternalName",
    resolution: spec["type"] === "ExternalName" ? "DNS" : "CLUSTER",
    selector: stringMap(spec["selector"]),
    headless: spec["clusterIP"] === "None",
    endpoints: [],
    object: refOf(object),
    created: object.metadata.creationTimestamp ?? "",
  }
}

export function serviceEntryServices(object: KubeObject): RegistryService[] {
  const spec = record(object["spec"])
  const resolution = text(spec["resolution"]) || "NONE"
  const ports = list(spec["ports"])
    .map(record)
    .map((port): ServicePort => {
      const at = number(port["number"])
      return {
        name: text(port["name"]),
        number: at,
        target: number(port["targetPort"]) || at,
        protocol: familyOf(text(port["protocol"])) ?? "tcp",
      }
    })
  const endpoints = list(spec["endpoints"])
    .map(record)
    .map((endpoint) => ({
      address: text(endpoint["address"]),
      labels: stringMap(endpoint["labels"]),
      weight: number(endpoint["weight"]) || 1,
    }))
  return strings(spec["hosts"]).map((host) => ({
    host,
    name: host,
    namespace: object.metadata.namespace ?? "",
    ports,
    exportTo: strings(spec["exportTo"]),
    external: spec["location"] !== "MESH_INTERNAL",
    resolution,
    selector: stringMap(record(spec["workloadSelector"])["labels"]),
    headless: resolution === "NONE",
    endpoints,
    object: refOf(object),
    created: object.metadata.creationTimestamp ?? "",
  }))
}
