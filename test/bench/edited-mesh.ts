import type { KubeObject } from "#shared/kube/object.ts"

const namespaces = 20
const networking = "networking.istio.io/v1"

const object = (
  apiVersion: string,
  kind: string,
  metadata: KubeObject["metadata"],
  spec: unknown,
): KubeObject => ({
  apiVersion,
  kind,
  metadata,
  spec,
})

/** A VirtualService of so many routes: 11 lines of YAML each. */
export const longVirtualService = (namespace: string, name: string, routes: number): KubeObject =>
  object(
    networking,
    "VirtualService",
    { name, namespace },
    {
      hosts: [name],
      http: Array.from({ length: routes }, (_, i) => ({
        name: `route-${i}`,
        match: [{ uri: { prefix: `/area-${i}` }, headers: { "x-area": { exact: `a${i}` } } }],
        route: [{ destination: { host: name, subset: "v1" } }],
      })),
    },
  )

/** A mesh of so many services, each with a Deployment, a pod, a VirtualService and a DestinationRule, by kind. */
export function editedMesh(services: number): Map<string, KubeObject[]> {
  const all: KubeObject[] = Array.from({ length: namespaces }, (_, n) =>
    object("v1", "Namespace", { name: `ns-${n}`, labels: { "istio-injection": "enabled" } }, {}),
  )
  for (let i = 0; i < services; i++) {
    const [namespace, name] = [`ns-${i % namespaces}`, `svc-${i}`]
    const labels = { app: name, version: "v1" }
    const containers = [{ name: "app", ports: [{ containerPort: 8080 }] }]
    all.push(
      object(
        "v1",
        "Service",
        { name, namespace },
        {
          selector: { app: name },
          ports: [{ name: "http", port: 80, targetPort: 8080 }],
        },
      ),
      object(
        "apps/v1",
        "Deployment",
        { name, namespace, labels },
        {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers } },
        },
      ),
      object("v1", "Pod", { name: `${name}-5d9c7-x2x4k`, namespace, labels }, { containers }),
      object(
        networking,
        "DestinationRule",
        { name, namespace },
        {
          host: name,
          subsets: [{ name: "v1", labels: { version: "v1" } }],
        },
      ),
      i === 0
        ? longVirtualService(namespace, name, 36)
        : object(
            networking,
            "VirtualService",
            { name, namespace },
            {
              hosts: [name],
              http: [{ route: [{ destination: { host: name, subset: "v1" } }] }],
            },
          ),
    )
  }
  const byKind = new Map<string, KubeObject[]>()
  for (const one of all) {
    const group = one.apiVersion.includes("/")
      ? `.${one.apiVersion.slice(0, one.apiVersion.indexOf("/"))}`
      : ""
    const kind = `${one.kind}${group}`
    byKind.set(kind, [...(byKind.get(kind) ?? []), one])
  }
  return byKind
}
