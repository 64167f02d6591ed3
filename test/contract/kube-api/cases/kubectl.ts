import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { kubectlPath } from "#test/real/kube/plane.ts"
import { skipNote } from "#test/real/skip.ts"
import { configMap, configMaps, type Context } from "../context.ts"
import { deployment } from "./write.ts"

const path = kubectlPath()

const missing =
  path === null ? "no kubectl; run test/real/kube/build.sh (needs Go) or set KUBEBUILDER_ASSETS" : null

export function kubectlCases(context: Context): void {
  const { client, cluster, namespace } = context
  describe.skipIf(skipNote("kubectl against the Kubernetes APIs", missing))("a stock kubectl", () => {
    let folder = ""
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "smm-kubectl-"))
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))

    const run = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
      new Promise((resolve) => {
        const all = ["--kubeconfig", cluster().kubeconfig, "--cache-dir", folder, ...args]
        execFile(path ?? "kubectl", all, (error, out, err) => {
          resolve({ code: error ? Number(error.code ?? 1) : 0, out, err })
        })
      })

    const file = async (...objects: object[]) => {
      const name = join(folder, `${context.unique("file")}.json`)
      await writeFile(name, objects.map((object) => JSON.stringify(object)).join("\n---\n"))
      return name
    }

    test("applies, applies again, and changes only what changed", async () => {
      const ns = await namespace()
      const env = (value: string) => [{ name: "main", image: "none:1", env: [{ name: "A", value }] }]
      const first = await file(deployment("web", env("1")), configMap("conf", { k: "v" }))
      const second = await file(deployment("web", env("2")), configMap("conf", { k: "v" }))
      expect((await run("apply", "-n", ns, "-f", first)).out).toBe(
        "deployment.apps/web created\nconfigmap/conf created\n",
      )
      expect((await run("apply", "-n", ns, "-f", first)).out).toBe(
        "deployment.apps/web unchanged\nconfigmap/conf unchanged\n",
      )
      expect((await run("apply", "-n", ns, "-f", second)).out).toBe(
        "deployment.apps/web configured\nconfigmap/conf unchanged\n",
      )
      const value = "jsonpath={.spec.template.spec.containers[0].env[0].value}"
      expect((await run("get", "deployment", "web", "-n", ns, "-o", value)).out).toBe("2")
    })

    test("applies on the server and reports conflicts", async () => {
      const ns = await namespace()
      const one = await file(configMap("conf", { k: "1" }))
      const two = await file(configMap("conf", { k: "2" }))
      const apply = (name: string, manager: string, ...more: string[]) =>
        run("apply", "--server-side", `--field-manager=${manager}`, "-n", ns, "-f", name, ...more)
      expect((await apply(one, "alpha")).out).toBe("configmap/conf serverside-applied\n")
      const conflict = await apply(two, "beta")
      expect(conflict.code).toBe(1)
      expect(conflict.err).toContain('conflict with "alpha": .data.k')
      expect((await apply(two, "beta", "--force-conflicts")).code).toBe(0)
    })

    test("a dry run on the server keeps nothing", async () => {
      const ns = await namespace()
      const name = await file(deployment("web"))
      const dry = await run("apply", "--dry-run=server", "-n", ns, "-f", name)
      expect(dry.out).toBe("deployment.apps/web created (server dry run)\n")
      expect((await run("get", "deployments", "-n", ns)).err).toContain("No resources found")
    })

    test("prints a table with the columns of the kind", async () => {
      const ns = await namespace()
      await client().create(`/apis/apps/v1/namespaces/${ns}/deployments`, deployment("web"))
      const { out } = await run("get", "deploy", "-n", ns)
      expect(out.split("\n")[0]?.split(/\s+/)).toEqual(["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"])
      expect(out.split("\n")[1]).toMatch(/^web\s+0\/1/)
    })

    test("scales", async () => {
      const ns = await namespace()
      await client().create(`/apis/apps/v1/namespaces/${ns}/deployments`, deployment("web"))
      expect((await run("scale", "deployment", "web", "-n", ns, "--replicas=3")).out).toBe(
        "deployment.apps/web scaled\n",
      )
      expect((await run("get", "deploy", "web", "-n", ns, "-o", "jsonpath={.spec.replicas}")).out).toBe("3")
    })

    test("labels, patches and deletes", async () => {
      const ns = await namespace()
      await client().create(configMaps(ns), configMap("conf", { k: "v" }))
      expect((await run("label", "configmap", "conf", "-n", ns, "a=b")).out).toBe("configmap/conf labeled\n")
      expect((await run("patch", "configmap", "conf", "-n", ns, "-p", '{"data":{"k":"w"}}')).code).toBe(0)
      expect((await run("get", "cm", "-n", ns, "-l", "a=b", "-o", "jsonpath={.items[0].data.k}")).out).toBe(
        "w",
      )
      expect((await run("delete", "configmap", "conf", "-n", ns)).out).toContain('configmap "conf" deleted')
    })

    test("knows who it is, and what somebody else may do", async () => {
      const who = await run("auth", "whoami", "--as=jane", "--as-group=ops", "--as-group=dev", "-o", "json")
      expect(JSON.parse(who.out)).toMatchObject({
        status: { userInfo: { username: "jane", groups: expect.arrayContaining(["ops", "dev"]) } },
      })
      expect((await run("auth", "can-i", "list", "pods")).out).toBe("yes\n")
      expect((await run("auth", "can-i", "list", "pods", "--as=jane")).out).toBe("no\n")
    })

    test("creates namespaces and accounts, and tokens for them", async () => {
      const name = context.unique("made")
      expect((await run("create", "namespace", name)).out).toBe(`namespace/${name} created\n`)
      expect((await run("create", "serviceaccount", "worker", "-n", name)).out).toBe(
        "serviceaccount/worker created\n",
      )
      const { out } = await run("create", "token", "worker", "-n", name)
      const answer = await client().get("/api", { token: out.trim() })
      expect(answer.status).toBe(200)
    })
  })
}
