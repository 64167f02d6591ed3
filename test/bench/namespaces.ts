import type { KubeObject } from "#shared/kube/object.ts"

const object = (
  apiVersion: string,
  kind: string,
  at: { namespace?: string; name: string; labels?: Record<string, string> },
  spec: object,
): KubeObject => ({ apiVersion, kind, metadata: at, spec })

const networking = "networking.istio.io/v1"
const security = "security.istio.io/v1"

/** Ten objects of configuration in a namespace, with the two services and four pods that they are about. */
function namespaceOf(n: number): KubeObject[] {
  const namespace = `team-${String(n).padStart(4, "0")}`
  const host = (app: string): string => `${app}.${namespace}.svc.cluster.local`
  const sidecar = { containers: [{ name: "app" }, { name: "istio-proxy" }], serviceAccountName: "app" }
  return [
    object("v1", "Namespace", { name: namespace, labels: { "istio-injection": "enabled" } }, {}),
    ...["web", "api"].flatMap((app) => [
      object(
        "v1",
        "Service",
        { namespace, name: app },
        {
          selector: { app },
          ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
        },
      ),
      ...["v1", "v2"].map((version) =>
        object("v1", "Pod", { namespace, name: `${app}-${version}`, labels: { app, version } }, sidecar),
      ),
      object(
        networking,
        "DestinationRule",
        { namespace, name: app },
        {
          host: host(app),
          subsets: ["v1", "v2"].map((name) => ({ name, labels: { version: name } })),
        },
      ),
      object(
        networking,
        "VirtualService",
        { namespace, name: app },
        {
          hosts: [host(app)],
          http: [
            { match: [{ uri: { prefix: "/v2" } }], route: [{ destination: { host: app, subset: "v2" } }] },
            { route: [{ destination: { host: app, subset: "v1" } }] },
          ],
        },
      ),
      object(
        security,
        "AuthorizationPolicy",
        { namespace, name: app },
        {
          selector: { matchLabels: { app } },
          rules: [
            { from: [{ source: { namespaces: [namespace] } }], to: [{ operation: { methods: ["GET"] } }] },
          ],
        },
      ),
    ]),
    object(
      networking,
      "Sidecar",
      { namespace, name: "default" },
      {
        egress: [{ hosts: ["./*", "istio-system/*"] }],
      },
    ),
    object(security, "PeerAuthentication", { namespace, name: "default" }, { mtls: { mode: "STRICT" } }),
    object(
      networking,
      "ServiceEntry",
      { namespace, name: "outside" },
      {
        hosts: [`api.${namespace}.example.com`],
        ports: [{ number: 443, name: "https", protocol: "HTTPS" }],
        resolution: "DNS",
      },
    ),
    object(
      "telemetry.istio.io/v1",
      "Telemetry",
      { namespace, name: "logs" },
      {
        accessLogging: [{ providers: [{ name: "envoy" }] }],
      },
    ),
  ]
}

/** A mesh of that many namespaces. */
export const namespacesOf = (count: number): KubeObject[] =>
  Array.from({ length: count }, (_, n) => namespaceOf(n)).flat()
