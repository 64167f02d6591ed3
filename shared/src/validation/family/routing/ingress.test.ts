import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { routing } from "./family.ts"

const pod = (version: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: reviews-${version}, namespace: shop, labels: {app: reviews, version: ${version}}}
spec: {containers: [{name: app}, {name: istio-proxy}]}
---`

const mesh = `
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec: {host: reviews, subsets: [{name: v1, labels: {version: v1}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews, subset: v1}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge, namespace: shop}
spec: {hosts: [shop.example], gateways: [shop/edge], http: [{route: [{destination: {host: reviews}}]}]}
---`

const bypasses = (pods: string): boolean =>
  validateYaml(mesh + pods, { families: [routing] }).some(
    ({ code }) => code === "virtualservice.ingress_bypass",
  )

describe("a route at a gateway beside routes by subset on the mesh", () => {
  test("is warned of while the subset is less than the service, or nobody knows", () => {
    expect(bypasses(pod("v1") + pod("v2"))).toBe(true)
    expect(bypasses("")).toBe(true)
  })

  test("is not while the subset is all of the service, as Bookinfo's productpage is", () => {
    expect(bypasses(pod("v1"))).toBe(false)
  })
})
