import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { ambient } from "./family.ts"
import { versionOf } from "./proxy-version.ts"

describe("the version of a proxy", () => {
  test.each([
    ["docker.io/istio/proxyv2:1.27.1", "1.27.1"],
    ["localhost:5000/istio/proxyv2:1.27.1-distroless@sha256:0a", "1.27.1"],
    ["istio/proxyv2:v1.27", "1.27.0"],
    ["localhost:5000/istio/proxyv2", undefined],
    ["istio/proxyv2@sha256:0a", undefined],
    ["istio/proxyv2:latest", undefined],
    ["", undefined],
  ])("of %s is %s", (image, wanted) => {
    expect(versionOf(image)?.text).toBe(wanted)
  })
})

const mesh = (proxy: string, status: string): string => `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: istiod-a, namespace: istio-system, labels: { app: istiod, istio.io/rev: a } }
spec: { template: { spec: { containers: [{ name: discovery, image: "istio/pilot:1.24.0" }] } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: istiod-b, namespace: istio-system, labels: { app: istiod, istio.io/rev: b } }
spec: { template: { spec: { containers: [{ name: discovery, image: "istio/pilot:1.27.0" }] } } }
---
apiVersion: v1
kind: Pod
metadata: { name: cart, namespace: shop, annotations: { sidecar.istio.io/status: '{"revision":"${status}"}' } }
spec: { containers: [{ name: app }, { name: istio-proxy, image: "istio/proxyv2:${proxy}" }] }`

describe("with two control planes", () => {
  const told = (proxy: string, revision: string): string[] =>
    validateYaml(mesh(proxy, revision), { families: [ambient] }).map(
      ({ level, message }) => `${level} ${message}`,
    )

  test("a proxy is compared with its own", () => {
    expect(told("1.24.0", "a")).toEqual([])
    expect(told("1.24.0", "b")).toEqual(["warning 1 proxy is of 1.24.0, the control plane of 1.27.0"])
    expect(told("1.26.3", "b")).toEqual(["info 1 proxy is of 1.26.3, the control plane of 1.27.0"])
  })
  test("a proxy ahead of its own is not supported", () => {
    expect(told("1.27.0", "a")).toEqual(["warning 1 proxy is of 1.27.0, the control plane of 1.24.0"])
  })
  test("nothing is said of a proxy whose plane is not known", () => {
    expect(told("1.20.0", "tagged")).toEqual([])
  })
})
