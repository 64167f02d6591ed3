import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { workload } from "./family.ts"

const codes = (yaml: string): string[] =>
  validateYaml(yaml, { families: [workload] })
    .map(({ code, path }) => `${code} ${path}`)
    .filter((said) => !said.startsWith("namespace."))

describe("annotations of the alpha stage", () => {
  const pod = (annotation: string, init = "istio-init"): string =>
    `{apiVersion: v1, kind: Pod, metadata: {name: cart, annotations: {${annotation}}}, spec: {containers: [{name: cart}], initContainers: [{name: ${init}}]}}`

  test("one that is deprecated as well is said to be both", () => {
    expect(codes(pod('sidecar.istio.io/statsInclusionPrefixes: "a"'))).toEqual([
      'annotation.alpha metadata.annotations["sidecar.istio.io/statsInclusionPrefixes"]',
      'annotation.deprecated metadata.annotations["sidecar.istio.io/statsInclusionPrefixes"]',
    ])
  })

  test("those that injection sets by itself count only where the pod redirects with an init container", () => {
    const set = 'traffic.sidecar.istio.io/includeInboundPorts: "*"'
    expect(codes(pod(set))).toHaveLength(1)
    expect(codes(pod(set, "istio-validation"))).toEqual([])
  })
})

describe("protocol of a port", () => {
  const port = (fields: string): string =>
    `{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {ports: [{${fields}}]}}`

  test("where servers speak first it is TCP whatever the port's name", () => {
    for (const number of [25, 53, 3306, 27017]) expect(codes(port(`name: main, port: ${number}`))).toEqual([])
    expect(codes(port("name: main, port: 5432"))).toEqual([
      "service.port_protocol_unknown spec.ports[0].name",
    ])
  })

  test("is no matter where Kubernetes itself runs", () => {
    const dns = port("name: main, port: 80").replace("name: db", "name: dns, namespace: kube-system")
    expect(codes(dns)).toEqual([])
  })

  test("an appProtocol that Istio does not know hides a name that it would know", () => {
    expect(codes(port("name: http, port: 80, appProtocol: htpp"))).toEqual([
      "service.app_protocol_unknown spec.ports[0].appProtocol",
    ])
    expect(codes(port("name: http, port: 80, appProtocol: example.com/own"))).toEqual([
      "service.port_protocol_unknown spec.ports[0].name",
    ])
    expect(codes(port("name: web, port: 80, appProtocol: http-own"))).toEqual([])
  })
})

describe("an ExternalName service", () => {
  test("is told once of all its ports that take other traffic", () => {
    const service = (ports: string): string =>
      `{apiVersion: v1, kind: Service, metadata: {name: shop}, spec: {type: ExternalName, externalName: shop.example, ports: [${ports}]}}`
    const ports = "{name: http, port: 80}, {name: tcp, port: 81}, {port: 82}, {port: 83, protocol: UDP}"
    expect(codes(service(ports))).toEqual(["service.external_name_port spec.ports[1].name"])
  })
})

describe("a cluster that no remote secret attaches", () => {
  test("is told of each network that names it", () => {
    const messages = validateYaml("", {
      families: [workload],
      meshNetworks:
        "networks: {a: {endpoints: [{fromRegistry: west}]}, b: {endpoints: [{fromRegistry: west}]}}",
    }).map(({ message }) => message)
    expect(new Set(messages).size).toBe(2)
  })
})

describe("user 1337", () => {
  test("is told once of all containers of a pod", () => {
    const container = (name: string): string => `{name: ${name}, securityContext: {runAsUser: 1337}}`
    const all = ["istio-proxy", "cart", "istio-operator", "log"].map(container).join(", ")
    expect(
      codes(`{apiVersion: v1, kind: Pod, metadata: {name: cart}, spec: {containers: [${all}]}}`),
    ).toEqual(["workload.runs_as_proxy spec.containers[1].securityContext.runAsUser"])
  })

  test("is what Istio's own components run as", () => {
    const pod = (labels: string): string =>
      `{apiVersion: v1, kind: Pod, metadata: {name: cart, labels: {${labels}}}, spec: {securityContext: {runAsUser: 1337}, containers: [{name: discovery}]}}`
    expect(codes(pod("istio: pilot"))).toEqual([])
    expect(codes(pod("app: cart"))).toEqual(["workload.runs_as_proxy spec.securityContext.runAsUser"])
  })
})
