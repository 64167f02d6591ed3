import { describe, expect, test } from "vitest"
import { object, preview, prod, route, smm, writesFiles } from "../change/fixture.ts"

const fileOf = writesFiles()

describe("plain objects", () => {
  const manifest =
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [a] }\n"

  test("are applied from files, in the namespace of -n where they say none", async () => {
    const { code, bodyOf } = await smm([
      "apply",
      "-f",
      fileOf("change.yaml", manifest),
      "-n",
      "shop",
      "--cluster",
      "prod",
      "--yes",
    ])
    expect(code).toBe(0)
    expect(bodyOf("createChange")).toMatchObject({
      intent: { control: "objects", put: [{ metadata: { name: "a", namespace: "shop" } }] },
      clusters: [prod],
    })
  })

  test.each([
    [
      "no.yaml",
      manifest,
      ["--cluster", "prod"],
      "has no namespace; write metadata.namespace, or add -n NAMESPACE",
    ],
    ["two.yaml", `${manifest}---\n${manifest}`, ["-n", "shop"], "keep one of the two"],
    [
      "bad.yaml",
      `${manifest}---\n: [`,
      ["-n", "shop"],
      "a part of the files cannot be read; nothing was changed",
    ],
    ["empty.yaml", "# nothing\n", ["-n", "shop"], "there is no Kubernetes object among the files"],
    ["many.yaml", manifest, ["-n", "shop"], "there are 2 clusters; add --cluster prod or --cluster east"],
  ])("%s is refused", async (name, text, flags, words) => {
    const { code, err, calls } = await smm(["apply", "-f", fileOf(name, text), ...flags, "--yes"])
    expect(code).toBe(2)
    expect(err).toContain(words)
    expect(calls).not.toContain("createChange")
  })

  test("diff prints what would change and exits 0, or 1 when asked to", async () => {
    const args = ["diff", "-f", fileOf("d.yaml", manifest), "-n", "shop", "--cluster", "prod"]
    const { code, out } = await smm(args)
    expect(code).toBe(0)
    expect(out).toContain("@@ -9,4 +9,4 @@")
    expect(await smm([...args, "--exit-code"])).toMatchObject({ code: 1 })
    expect(
      await smm([...args, "--exit-code"], { previewChange: () => preview({ steps: [] }) }),
    ).toMatchObject({ code: 0, out: "" })
  })

  test("delete takes the object where it is", async () => {
    const { bodyOf } = await smm("delete vs reviews -n bookinfo --yes", {
      listObjects: () =>
        ({
          items: [{ cluster: prod, clusterName: "prod", object: route("x") }] as never,
          cursor: null,
          notices: [],
        }) as never,
    })
    expect(bodyOf("createChange")).toMatchObject({ intent: { remove: [object] }, clusters: [prod] })
  })
})
