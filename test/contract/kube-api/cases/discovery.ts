import { describe, expect, test, vi } from "vitest"
import type { Context } from "../context.ts"

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

export function discoveryCases({ client }: Context): void {
  describe("discovery", () => {
    test("the version names major, minor and git version", async () => {
      const { body } = await client().get("/version")
      expect(body).toMatchObject({ major: "1", minor: "36", gitVersion: expect.stringMatching(/^v1\.36\./) })
    })

    test("it is ready", async () => {
      expect(await client().get("/readyz", { token: null })).toMatchObject({ status: 200, body: "ok" })
    })

    test("groups list their versions, preferred first", async () => {
      const { body } = await client().get("/apis")
      const groups = [...(body["groups"] ?? [])]
      const apps = groups.find((group) => String(group["name"]) === "apps")
      expect(apps).toMatchObject({
        versions: [{ groupVersion: "apps/v1", version: "v1" }],
        preferredVersion: { groupVersion: "apps/v1", version: "v1" },
      })
    })

    test.each([
      ["/api/v1", "pods", "Pod", true],
      ["/api/v1", "namespaces", "Namespace", false],
      ["/apis/apps/v1", "deployments", "Deployment", true],
      ["/apis/coordination.k8s.io/v1", "leases", "Lease", true],
      ["/apis/discovery.k8s.io/v1", "endpointslices", "EndpointSlice", true],
      ["/apis/authorization.k8s.io/v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false],
    ])("%s lists %s", async (path, plural, kind, namespaced) => {
      const { body } = await client().get(path)
      const resource = [...(body["resources"] ?? [])].find(({ name }) => String(name) === plural)
      expect(body).toMatchObject({ kind: "APIResourceList" })
      expect(resource).toMatchObject({ kind, namespaced, singularName: kind.toLowerCase() })
    })

    test("status is a resource of its own", async () => {
      const { body } = await client().get("/apis/apps/v1")
      const names = [...(body["resources"] ?? [])].map(({ name }) => String(name))
      expect(names).toContain("deployments/status")
    })

    test("one answer holds all groups for those who ask for it", async () => {
      const { body, headers } = await client().get("/apis", {
        headers: { accept: `${aggregated},application/json` },
      })
      expect(headers.get("content-type")).toContain("as=APIGroupDiscoveryList")
      expect(body).toMatchObject({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2" })
      const apps = [...(body["items"] ?? [])].find((item) => String(item["metadata"]?.["name"]) === "apps")
      const resources = [...(apps?.["versions"]?.[0]?.["resources"] ?? [])]
      expect(resources.find(({ resource }) => String(resource) === "deployments")).toMatchObject({
        responseKind: { kind: "Deployment" },
        scope: "Namespaced",
        singularResource: "deployment",
      })
    })

    test("the OpenAPI v3 index leads to one document per group version", async () => {
      let url = ""
      // the real one adds its groups one after the other
      await vi.waitFor(
        async () => {
          const { body } = await client().get("/openapi/v3")
          url = String(body["paths"]?.["apis/apps/v1"]?.["serverRelativeURL"])
          expect(url).toMatch(/^\//)
        },
        { timeout: 15_000 },
      )
      const document = await client().get(url)
      const paths = Object.keys(document.body["paths"] ?? {})
      expect(paths).toContain("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    })

    test.each(["/apis/nobody.example.com/v1", "/apis/apps/v7", "/api/v1/unicorns", "/nowhere"])(
      "%s is not found, with a Status body where it is an API path",
      async (path) => {
        expect((await client().get(path)).status).toBe(404)
      },
    )

    test("kube-system has a UID, the identity of the cluster", async () => {
      const { body } = await client().get("/api/v1/namespaces/kube-system")
      expect(String(body["metadata"]?.["uid"])).toMatch(/^[0-9a-f-]{36}$/)
    })
  })
}
