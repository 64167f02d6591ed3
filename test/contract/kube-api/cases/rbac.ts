import { describe, expect, test } from "vitest"
import { configMap, configMaps, grant, type Context } from "../context.ts"

export function rbacCases(context: Context): void {
  const { client, namespace, account, unique } = context
  const reader = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }]

  describe("rights", () => {
    test("a token that is none is refused, and nobody may only ask for the version", async () => {
      expect(await client().get("/api/v1/namespaces", { token: "nonsense" })).toMatchObject({
        status: 401,
        body: { kind: "Status", reason: "Unauthorized" },
      })
      expect((await client().get("/version", { token: null })).status).toBe(200)
      expect(await client().get("/api/v1/namespaces", { token: null })).toMatchObject({
        status: 403,
        body: { reason: "Forbidden" },
      })
    })

    test("a refusal says who may not do what, where", async () => {
      const ns = await namespace()
      const { token, user } = await account(ns)
      const answer = await client().get(configMaps(ns), { token })
      expect(answer).toMatchObject({
        status: 403,
        body: { reason: "Forbidden", details: { kind: "configmaps" } },
      })
      expect(answer.body["message"]).toBe(
        `configmaps is forbidden: User "${user}" cannot list resource "configmaps" in API group "" in the namespace "${ns}"`,
      )
    })

    test("a Role allows in its namespace, and not a verb more", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      await grant(context, { kind: "ServiceAccount", name, namespace: ns }, reader, ns)
      await expect.poll(async () => (await client().get(configMaps(ns), { token })).status).toBe(200)
      expect((await client().get("/api/v1/configmaps", { token })).status).toBe(403)
      expect((await client().get(configMaps("default"), { token })).status).toBe(403)
      expect((await client().call("POST", configMaps(ns), { token, body: configMap("a") })).status).toBe(403)
    })

    test("a ClusterRole allows everywhere", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      await grant(context, { kind: "ServiceAccount", name, namespace: ns }, reader)
      await expect
        .poll(async () => (await client().get("/api/v1/configmaps?limit=1", { token })).status)
        .toBe(200)
    })

    test("rights by name hold for that name only", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      for (const map of ["mine", "other"]) await client().create(configMaps(ns), configMap(map))
      const rule = {
        apiGroups: [""],
        resources: ["configmaps"],
        resourceNames: ["mine"],
        verbs: ["get", "list"],
      }
      await grant(context, { kind: "ServiceAccount", name, namespace: ns }, [rule], ns)
      await expect.poll(async () => (await client().get(configMaps(ns, "mine"), { token })).status).toBe(200)
      expect((await client().get(configMaps(ns, "other"), { token })).status).toBe(403)
      expect((await client().get(configMaps(ns), { token })).status).toBe(403)
    })

    test("apply that creates needs both rights", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      const subject = { kind: "ServiceAccount", name, namespace: ns }
      const body = configMap("a")
      const apply = () =>
        client().call("PATCH", `${configMaps(ns, "a")}?fieldManager=x`, {
          token,
          body,
          type: "application/apply-patch+yaml",
        })
      await grant(
        context,
        subject,
        [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "patch"] }],
        ns,
      )
      await expect.poll(async () => (await client().get(configMaps(ns, "a"), { token })).status).toBe(404)
      expect((await apply()).status).toBe(403)
      await grant(context, subject, [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create"] }], ns)
      await expect.poll(async () => (await apply()).status).toBe(201)
    })

    test("status is a right of its own", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      const rule = { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] }
      await grant(context, { kind: "ServiceAccount", name, namespace: ns }, [rule], ns)
      const path = `/apis/apps/v1/namespaces/${ns}/deployments/none`
      await expect.poll(async () => (await client().get(path, { token })).status).toBe(404)
      expect((await client().get(`${path}/status`, { token })).status).toBe(403)
    })

    test("a token dies with its account", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      await client().call("DELETE", `/api/v1/namespaces/${ns}/serviceaccounts/${name}`)
      await expect
        .poll(async () => (await client().get("/api", { token })).status, { timeout: 15_000, interval: 500 })
        .toBe(401)
    })
  })

  describe("impersonation", () => {
    const self = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }
    const as = (user: string, groups: string[]): [string, string][] => [
      ["Impersonate-User", user],
      ...groups.map((group): [string, string] => ["Impersonate-Group", group]),
    ]

    test("speaks as a user with two groups", async () => {
      const answer = await client().call("POST", self, {
        body,
        headers: as("jane", ["ops", "dev, and more"]),
      })
      expect(answer).toMatchObject({ status: 201, body: { status: { userInfo: { username: "jane" } } } })
      const groups = [...(answer.body["status"]?.["userInfo"]?.["groups"] ?? [])].map(String)
      expect(groups.toSorted()).toEqual(["dev, and more", "ops", "system:authenticated"])
    })

    test("rights are those of any of the groups, not of the sender", async () => {
      const ns = await namespace()
      const group = unique("group")
      await grant(context, { kind: "Group", name: group }, reader, ns)
      const status = async (groups: string[]) =>
        (await client().get(configMaps(ns), { headers: as("jane", groups) })).status
      await expect.poll(() => status(["unrelated", group])).toBe(200)
      expect(await status(["unrelated", "another"])).toBe(403)
    })

    test("is limited to the users and groups that the sender may be", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      const group = unique("group")
      await grant(context, { kind: "ServiceAccount", name, namespace: ns }, [
        { apiGroups: [""], resources: ["users"], resourceNames: ["jane"], verbs: ["impersonate"] },
        { apiGroups: [""], resources: ["groups"], resourceNames: [group], verbs: ["impersonate"] },
      ])
      const post = (user: string, groups: string[]) =>
        client().call("POST", self, { token, body, headers: as(user, groups) })
      await expect.poll(async () => (await post("jane", [group])).status).toBe(201)
      expect((await post("jane", [group, "system:masters"])).status).toBe(403)
      expect((await post("john", [group])).status).toBe(403)
      expect((await client().call("POST", self, { token, body })).status).toBe(201)
    })

    test("a service account is impersonated with its groups", async () => {
      const ns = await namespace()
      const { user } = await account(ns)
      const answer = await client().call("POST", self, { body, headers: as(user, []) })
      const groups = [...(answer.body["status"]?.["userInfo"]?.["groups"] ?? [])].map(String)
      expect(groups.toSorted()).toEqual([
        "system:authenticated",
        "system:serviceaccounts",
        `system:serviceaccounts:${ns}`,
      ])
    })

    test("groups without a user are refused", async () => {
      const answer = await client().call("POST", self, { body, headers: [["Impersonate-Group", "ops"]] })
      expect(answer.status).toBeGreaterThanOrEqual(400)
    })
  })
}
