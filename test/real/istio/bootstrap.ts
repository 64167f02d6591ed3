/** A proxy of the bed. Its listeners must be bound to its address: by a Gateway's `bind`, a Sidecar's, or an EnvoyFilter. */
export type Proxy = {
  name: string
  kind: "router" | "sidecar"
  namespace: string
  labels: Record<string, string>
  address: string
}

const http2 = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    explicit_http_config: { http2_protocol_options: {} },
  },
}

const socket = (address: string, port: number) => ({
  address: { socket_address: { address, port_value: port } },
})

/** What pilot-agent would write for an Envoy that gets everything from istiod. Ports are of 127.0.0.1. */
export function bootstrap(proxy: Proxy, { admin, xds }: { admin: number; xds: number }): unknown {
  const { name, kind, namespace, labels, address } = proxy
  const ads = { ads: {}, resource_api_version: "V3" }
  return {
    node: {
      id: `${kind}~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${name}.${namespace}`,
      metadata: {
        ...{ NAMESPACE: namespace, LABELS: labels, CLUSTER_ID: "Kubernetes", INSTANCE_IPS: address },
        ...{ INTERCEPTION_MODE: "NONE", ISTIO_VERSION: "1.31.0" },
      },
    },
    admin: socket("127.0.0.1", admin),
    dynamic_resources: {
      lds_config: ads,
      cds_config: ads,
      ads_config: {
        ...{ api_type: "DELTA_GRPC", transport_api_version: "V3", set_node_on_first_message_only: true },
        grpc_services: [{ envoy_grpc: { cluster_name: "istiod" } }],
      },
    },
    // As Istio's own bootstrap says; Envoy's default of 100 refuses what Istio lets through.
    layered_runtime: {
      layers: [{ name: "istio", static_layer: { "re2.max_program_size.error_level": 32_768 } }],
    },
    static_resources: {
      clusters: [
        {
          ...{
            name: "istiod",
            type: "STATIC",
            connect_timeout: "1s",
            typed_extension_protocol_options: http2,
          },
          load_assignment: {
            cluster_name: "istiod",
            endpoints: [{ lb_endpoints: [{ endpoint: socket("127.0.0.1", xds) }] }],
          },
        },
      ],
    },
  }
}
