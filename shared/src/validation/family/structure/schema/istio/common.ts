import { object, list, map, text, string, choice, boolean, uint32, int32, port } from "../../schema.ts"
import { duration } from "../../duration.ts"
import * as rule from "../../constraint/istio.ts"
import { group, kind, resourceName, strings } from "../common.ts"

export const trafficMatches = list(
  object({
    mode: choice("UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"),
    ports: list(object({ number: port }, { required: ["number"] }), { keys: ["number"] }),
  }),
)

export const pluginPhase = choice("UNSPECIFIED", "AUTHN", "AUTHZ", "STATS")

export const policySelector = object({
  matchLabels: map(text({ max: 63, rules: [rule.noWildcard] }), { max: 4096, rules: [rule.labelKeys] }),
})

export const policyTarget = object(
  { group, kind, name: resourceName, namespace: text({ rules: [rule.ownNamespace] }) },
  { required: ["kind", "name"] },
)

export const policyTargets = list(policyTarget, { max: 16 })

export const failStrategy = choice("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD")

export const imagePullPolicy = choice("UNSPECIFIED_POLICY", "IfNotPresent", "Always")

export const pluginType = choice("UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK")

export const moduleUrl = text({ min: 1, rules: [rule.wasmUrl] })

export const vmConfig = object({
  env: list(
    object(
      { name: text({ min: 1, max: 256 }), value: text({ max: 2048 }), valueFrom: choice("INLINE", "HOST") },
      { required: ["name"], rules: [rule.inlineValue] },
    ),
    { max: 256, keys: ["name"] },
  ),
})

export const connectionPool = object({
  http: object({
    h2UpgradePolicy: choice("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
    http1MaxPendingRequests: int32,
    http2KeepAlive: object({ interval: duration, timeout: duration }),
    http2MaxRequests: int32,
    idleTimeout: duration,
    maxConcurrentStreams: int32,
    maxRequestsPerConnection: int32,
    maxRetries: int32,
    useClientProtocol: boolean,
  }),
  tcp: object({
    connectTimeout: duration,
    idleTimeout: string,
    maxConnectionDuration: duration,
    maxConnections: int32,
    tcpKeepalive: object({ interval: duration, probes: uint32, time: duration }),
  }),
})

export const portNumber = object({ number: uint32 })

export const namedPart = object({ name: string })

export const workloadSelector = object({
  labels: map(text({ max: 63, rules: [rule.noWildcard] }), { max: 256 }),
})

export const tlsVersion = choice("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")

export const serverTls = object(
  {
    caCertCredentialName: string,
    caCertificates: string,
    caCrl: string,
    cipherSuites: strings,
    credentialName: string,
    credentialNames: list(string, { min: 1, max: 2 }),
    ecdhCurves: strings,
    httpsRedirect: boolean,
    insecureSkipVerify: boolean,
    maxProtocolVersion: tlsVersion,
    minProtocolVersion: tlsVersion,
    mode: choice("PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"),
    privateKey: string,
    serverCertificate: string,
    subjectAltNames: strings,
    tlsCertificates: list(object({ caCertificates: string, privateKey: string, serverCertificate: string }), {
      min: 1,
      max: 2,
    }),
    verifyCertificateHash: strings,
    verifyCertificateSpki: strings,
  },
  {
    exclusive: [
      ["tlsCertificates", "credentialNames"],
      ["credentialName", "credentialNames"],
    ],
  },
)

export const workloadAddress = text({ max: 256, rules: [rule.unixPath] })

export const workloadLabels = map(string, { max: 256 })

export const workloadPorts = map(port, { max: 128, rules: [rule.portNames] })

export const destination = object({ host: string, port: portNumber, subset: string }, { required: ["host"] })

export const nonEmpty = text({ min: 1 })

export const nonEmptyList = list(nonEmpty)
