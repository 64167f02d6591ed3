import {
  anything,
  anythings,
  closed,
  definition,
  integer,
  list,
  oneOf,
  open,
  text,
  textMap,
  texts,
} from "./definition.ts"

const security = "security.istio.io"
const labels = { app: "istio-pilot", chart: "istio" }
const selector = closed({ matchLabels: textMap })
const targetRef = closed({ group: text, kind: text, name: text, namespace: text }, "kind", "name")
const target = { selector, targetRef, targetRefs: list(targetRef) }

const source = open({
  principals: texts,
  notPrincipals: texts,
  namespaces: texts,
  notNamespaces: texts,
  serviceAccounts: texts,
  notServiceAccounts: texts,
  ipBlocks: texts,
  notIpBlocks: texts,
  remoteIpBlocks: texts,
  notRemoteIpBlocks: texts,
  requestPrincipals: texts,
  notRequestPrincipals: texts,
})

const operation = closed({
  hosts: texts,
  notHosts: texts,
  ports: texts,
  notPorts: texts,
  methods: texts,
  notMethods: texts,
  paths: texts,
  notPaths: texts,
})

const rule = closed({
  from: list(closed({ source })),
  to: list(closed({ operation })),
  when: list(closed({ key: text, values: texts, notValues: texts }, "key")),
})

const mutualTls = closed({ mode: oneOf("UNSET", "DISABLE", "PERMISSIVE", "STRICT") })

/** The kinds of security.istio.io, telemetry.istio.io and extensions.istio.io. */
export const istioPolicy = [
  definition({
    key: `AuthorizationPolicy.${security}`,
    shortNames: ["ap"],
    categories: ["istio-io", "security-istio-io"],
    labels,
    spec: closed({
      ...target,
      action: oneOf("ALLOW", "DENY", "AUDIT", "CUSTOM"),
      provider: closed({ name: text }),
      rules: list(rule),
    }),
    columns: { Action: ".spec.action" },
  }),
  definition({
    key: `PeerAuthentication.${security}`,
    shortNames: ["pa"],
    categories: ["istio-io", "security-istio-io"],
    labels,
    spec: closed({
      selector,
      mtls: mutualTls,
      portLevelMtls: { type: "object", additionalProperties: mutualTls },
    }),
    columns: { Mode: ".spec.mtls.mode" },
  }),
  definition({
    key: `RequestAuthentication.${security}`,
    shortNames: ["ra"],
    categories: ["istio-io", "security-istio-io"],
    labels,
    spec: closed({
      ...target,
      jwtRules: list(
        open(
          {
            issuer: text,
            audiences: texts,
            jwksUri: text,
            jwks: text,
            fromHeaders: anythings,
            fromParams: texts,
          },
          "issuer",
        ),
      ),
    }),
  }),
  definition({
    key: "Telemetry.telemetry.istio.io",
    shortNames: ["telemetry"],
    categories: ["istio-io", "telemetry-istio-io"],
    labels,
    spec: closed({ ...target, accessLogging: anythings, metrics: anythings, tracing: anythings }),
  }),
  definition({
    key: "WasmPlugin.extensions.istio.io",
    categories: ["istio-io", "extensions-istio-io"],
    labels,
    spec: closed(
      {
        ...target,
        url: text,
        sha256: text,
        imagePullPolicy: text,
        imagePullSecret: text,
        pluginConfig: anything,
        pluginName: text,
        phase: text,
        failStrategy: text,
        priority: integer,
        match: anythings,
        vmConfig: anything,
        type: text,
        verificationKey: text,
      },
      "url",
    ),
  }),
]
