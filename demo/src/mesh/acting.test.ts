import { describe, expect, test } from "vitest"
import { identityOf } from "#shared/act/identity.ts"
import { readPolicy } from "#shared/act/read-policy.ts"
import { record } from "#shared/topology/fact/read.ts"
import { type Demo, type MeshName, startDemo } from "#demo/demo.ts"

let at = Date.parse("2026-01-01T00:00:00Z")
async function withDemo(mesh: MeshName, use: (demo: Demo) => Promise<void>): Promise<void> {
  const demo = await startDemo({ mesh, now: () => at, tickMs: 3_600_000 })
  try {
    await use(demo)
  } finally {
    await demo.close()
  }
}

type Review = { status: { allowed: boolean } }
/** What Kubernetes says to an identity, asked by the administrator. */
async function may(demo: Demo, as: { user: string; groups: string[] }, attributes: object): Promise<boolean> {
  const response = await fetch(`${demo.url}/apis/authorization.k8s.io/v1/subjectaccessreviews`, {
    method: "POST",
    headers: { authorization: `Bearer ${demo.kube.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ spec: { ...as, resourceAttributes: attributes } }),
  })
  return ((await response.json()) as Review).status.allowed
}

const policyIn = (demo: Demo) =>
  readPolicy(
    String(
      record(demo.kube.store.get("ConfigMap", "smm-agent-policy", "smm-system")?.["data"])["policy.yaml"],
    ),
  )
const managers = (demo: Demo, kind: string, name: string, namespace: string): unknown =>
  (
    demo.kube.store.get(`${kind}.networking.istio.io`, name, namespace)?.metadata["managedFields"] as object[]
  ).map((entry) => `${String(record(entry)["manager"])} ${String(record(entry)["operation"])}`)

const route = (namespace: string) => ({
  verb: "patch",
  group: "networking.istio.io",
  resource: "virtualservices",
  namespace,
})
const mtls = { ...route("bookinfo"), group: "security.istio.io", resource: "peerauthentications" }

describe("who writes in the demo", () => {
  test("is mapped by the role: owners and admins to an administrator, operators to an editor, viewers to nobody", async () => {
    await withDemo("shop", async (demo) => {
      const { policy, problems, reason } = policyIn(demo)
      expect([problems, reason]).toEqual([[], ""])
      const as = (role: "owner" | "admin" | "operator" | "viewer") =>
        identityOf(policy, { kind: "user", id: "u", name: "x@example.com", role })
      expect([as("owner"), as("admin")].map((identity) => identity?.user)).toEqual([
        "platform-admin",
        "platform-admin",
      ])
      expect(as("viewer")).toBeNull()
      const [owner, operator] = [as("owner"), as("operator")]
      if (!owner || !operator) throw new Error("owner and operator are mapped")
      expect(await may(demo, owner, route("catalog"))).toBe(true)
      expect(await may(demo, owner, mtls)).toBe(true)
      expect(await may(demo, owner, { verb: "get", resource: "secrets", namespace: "bookinfo" })).toBe(false)
      expect(await may(demo, operator, route("bookinfo"))).toBe(true)
      expect(await may(demo, operator, route("checkout"))).toBe(true)
      expect(await may(demo, operator, route("istio-system"))).toBe(false)
      expect(await may(demo, operator, mtls)).toBe(false)
    })
  })

  test.each<MeshName>(["bookinfo", "shop", "large"])("has what the agent needs in %s", async (mesh) => {
    await withDemo(mesh, (demo) => {
      const { store } = demo.kube
      expect(store.get("ConfigMap", "smm-agent-journal", "smm-system")?.["data"]).toBeUndefined()
      const lease = store.get("Lease.coordination.k8s.io", "smm-agent", "smm-system")
      const epoch = record(lease?.["spec"])["leaseTransitions"]
      expect(epoch).toBe(at / 1000 - 1_577_836_800)
      return Promise.resolve()
    })
  })
})

describe("what others own in the demo", () => {
  test("is written by kubectl, and in one namespace by Argo CD", async () => {
    await withDemo("shop", (demo) => {
      expect(managers(demo, "VirtualService", "reviews", "bookinfo")).toEqual([
        "kubectl-client-side-apply Update",
      ])
      expect(managers(demo, "VirtualService", "recommendations", "catalog")).toEqual([
        "argocd-controller Apply",
      ])
      return Promise.resolve()
    })
  })

  test("comes back some seconds after it was changed or removed, and what others added stays", async () => {
    await withDemo("shop", (demo) => {
      const { store } = demo.kube
      const kind = "VirtualService.networking.istio.io"
      const read = () => store.get(kind, "recommendations", "catalog")
      const before = read()?.["spec"]
      const write = (spec: object) =>
        store.apply(
          {
            apiVersion: "networking.istio.io/v1",
            kind: "VirtualService",
            metadata: { name: "recommendations", namespace: "catalog", annotations: { note: "ours" } },
            spec,
          },
          { manager: "service-mesh-manager" },
        )
      const other = {
        ...(before as object),
        http: [{ route: [{ destination: { host: "recommendations" } }] }],
      }
      write(other)
      at += 4_999
      demo.settle()
      expect(read()?.["spec"]).toEqual(other)
      at += 1
      demo.settle()
      expect(read()?.["spec"]).toEqual(before)
      expect(read()?.metadata.annotations).toEqual({ note: "ours" })
      const { version } = store
      at += 60_000
      demo.settle()
      expect(store.version).toBe(version)

      store.remove(kind, "recommendations", "catalog")
      at += 5_000
      demo.settle()
      expect(read()?.["spec"]).toEqual(before)
      return Promise.resolve()
    })
  })
})
