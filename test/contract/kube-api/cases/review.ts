import { describe, expect, test } from "vitest"
import { grant, type Context } from "../context.ts"

const authentication = "/apis/authentication.k8s.io/v1"
const authorization = "/apis/authorization.k8s.io/v1"

export function reviewCases(context: Context): void {
  const { client, namespace, account, unique } = context
  const ask = async (path: string, kind: string, spec: object, token?: string) => {
    const answer = await client().call("POST", path, {
      body: { apiVersion: path.replace("/apis/", "").replace(/\/[^/]+$/, ""), kind, spec },
      ...(token === undefined ? {} : { token }),
    })
    expect(answer, path).toMatchObject({ status: 201, body: { kind } })
    return answer.body["status"]
  }
  const listPods = { verb: "list", group: "", resource: "pods" }

  describe("reviews", () => {
    test("a token tells whose it is", async () => {
      const ns = await namespace()
      const { token, user } = await account(ns)
      const status = await ask(`${authentication}/tokenreviews`, "TokenReview", { token })
      expect(status).toMatchObject({ authenticated: true, user: { username: user } })
      expect([...(status?.["user"]?.["groups"] ?? [])].map(String)).toContain(`system:serviceaccounts:${ns}`)
    })

    test("a token that is none, and one for another audience, tells nothing", async () => {
      const { token } = await account(await namespace())
      const none = await ask(`${authentication}/tokenreviews`, "TokenReview", { token: "nonsense" })
      const other = await ask(`${authentication}/tokenreviews`, "TokenReview", {
        token,
        audiences: ["elsewhere"],
      })
      expect([none?.["authenticated"] ?? false, other?.["authenticated"] ?? false]).toEqual([false, false])
    })

    test("a token for an audience is good there and not here", async () => {
      const ns = await namespace()
      const { name } = await account(ns)
      const issued = await client().create(`/api/v1/namespaces/${ns}/serviceaccounts/${name}/token`, {
        spec: { audiences: ["elsewhere"], expirationSeconds: 600 },
      })
      const token = String(issued["status"]?.["token"])
      const review = await ask(`${authentication}/tokenreviews`, "TokenReview", {
        token,
        audiences: ["elsewhere"],
      })
      expect(review).toMatchObject({ authenticated: true, audiences: ["elsewhere"] })
      expect((await client().get("/api", { token })).status).toBe(401)
    })

    test("a token needs its account and at least ten minutes", async () => {
      const ns = await namespace()
      const { name } = await account(ns)
      const root = `/api/v1/namespaces/${ns}/serviceaccounts`
      const absent = await client().call("POST", `${root}/absent/token`, { body: { spec: {} } })
      const short = await client().call("POST", `${root}/${name}/token`, {
        body: { spec: { expirationSeconds: 5 } },
      })
      expect([absent.status, short.status]).toEqual([404, 422])
    })

    test("everybody may ask what they may do", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      const may = async () =>
        (
          await ask(
            `${authorization}/selfsubjectaccessreviews`,
            "SelfSubjectAccessReview",
            { resourceAttributes: { ...listPods, namespace: ns } },
            token,
          )
        )?.["allowed"]
      expect(await may()).toBe(false)
      const rule = { apiGroups: [""], resources: ["pods"], verbs: ["list"] }
      await grant(context, { kind: "ServiceAccount", name, namespace: ns }, [rule], ns)
      await expect.poll(may).toBe(true)
    })

    test("the administrator may ask what others may do, by user and groups", async () => {
      const group = unique("group")
      await grant(context, { kind: "Group", name: group }, [
        { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
      ])
      const may = async (groups: string[]) =>
        (
          await ask(`${authorization}/subjectaccessreviews`, "SubjectAccessReview", {
            user: "jane",
            groups,
            resourceAttributes: listPods,
          })
        )?.["allowed"]
      await expect.poll(() => may(["other", group])).toBe(true)
      expect(await may(["other"])).toBe(false)
    })

    test("paths are reviewed too", async () => {
      const may = async (path: string) =>
        (
          await ask(`${authorization}/subjectaccessreviews`, "SubjectAccessReview", {
            user: "jane",
            groups: ["system:authenticated"],
            nonResourceAttributes: { verb: "get", path },
          })
        )?.["allowed"]
      expect([await may("/version"), await may("/metrics")]).toEqual([true, false])
    })

    test("a review without a question is refused", async () => {
      const answer = await client().call("POST", `${authorization}/selfsubjectaccessreviews`, {
        body: { spec: {} },
      })
      expect(answer).toMatchObject({ status: 422, body: { reason: "Invalid" } })
    })

    test("whoever asks learns who they are", async () => {
      const ns = await namespace()
      const { token, user } = await account(ns)
      const status = await ask(`${authentication}/selfsubjectreviews`, "SelfSubjectReview", {}, token)
      expect(status).toMatchObject({ userInfo: { username: user } })
    })

    test("the rules of a namespace can be listed", async () => {
      const ns = await namespace()
      const { token, name } = await account(ns)
      const rule = { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] }
      await grant(context, { kind: "ServiceAccount", name, namespace: ns }, [rule], ns)
      await expect
        .poll(async () => {
          const path = `${authorization}/selfsubjectrulesreviews`
          const status = await ask(path, "SelfSubjectRulesReview", { namespace: ns }, token)
          return [...(status?.["resourceRules"] ?? [])]
        })
        .toContainEqual(expect.objectContaining(rule))
    })
  })
}
