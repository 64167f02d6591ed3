/** Pieces of YAML that examples share. */

export const documents = (...parts: readonly string[]): string =>
  parts.map((part) => part.trim()).join("\n---\n")

type Place = { namespace?: string; labels?: string; annotations?: string }

const metadata = (name: string, { namespace, labels, annotations }: Place): string =>
  [
    `{ name: ${name}`,
    namespace === undefined ? "" : `, namespace: ${namespace}`,
    labels === undefined ? "" : `, labels: { ${labels} }`,
    annotations === undefined ? "" : `, annotations: { ${annotations} }`,
    " }",
  ].join("")

const indented = (body: string): string => body.trim().replaceAll(/^/gm, "  ")

const of =
  (apiVersion: string, kind: string) =>
  (name: string, body = "", place: Place = { namespace: "shop" }): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata(name, place)}${body === "" ? "" : `\nspec:\n${indented(body)}`}`

const networking = "networking.istio.io/v1"
export const destinationRule = of(networking, "DestinationRule")
export const serviceEntry = of(networking, "ServiceEntry")
export const sidecar = of(networking, "Sidecar")
export const virtualService = of(networking, "VirtualService")
export const workloadGroup = of(networking, "WorkloadGroup")
export const telemetry = of("telemetry.istio.io/v1", "Telemetry")
export const peerAuthentication = of("security.istio.io/v1", "PeerAuthentication")
export const serviceAccount = of("v1", "ServiceAccount")

export const namespace = (name: string, labels = `kubernetes.io/metadata.name: ${name}`): string =>
  of("v1", "Namespace")(name, "", { labels })

export const pod = (name: string, labels: string, where = "shop", annotations?: string): string =>
  of("v1", "Pod")(name, "containers: [{ name: app }, { name: istio-proxy }]", {
    namespace: where,
    labels,
    ...(annotations === undefined ? {} : { annotations }),
  })

export const service = (name: string, where = "shop", annotations?: string): string =>
  of("v1", "Service")(
    name,
    `selector: { app: ${name} }\nports: [{ name: http, port: 80, targetPort: 8080, protocol: TCP }]`,
    { namespace: where, ...(annotations === undefined ? {} : { annotations }) },
  )

export const host = (name: string, where = "shop"): string => `${name}.${where}.svc.cluster.local`
