import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { readFiles } from "./read-files.ts"
import { skipNotes } from "./skip.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "smm-read-files-"))
})
afterEach(() => {
  rmSync(join(folder, "repo"), { recursive: true, force: true })
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function write(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, "repo", name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return join(folder, "repo")
}

async function read(path: string) {
  const { objects, problems, skipped, files } = await readFiles([path], () => Promise.resolve(""))
  const local = (text: string): string => text.replaceAll(`${join(folder, "repo")}/`, "")
  return {
    objects: objects.map(({ object, file }) => `${local(file)} ${object.kind} ${object.metadata.name}`),
    problems: problems.map(({ file, level, message }) => `${level} ${local(file)} ${message}`),
    skipped: skipped.map(({ file, why }) => `${why} ${local(file)}`),
    notes: skipNotes(skipped).map(local),
    files,
  }
}

const service = (name: string, more = ""): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\n${more}`
const kustomization = "resources: [web.yaml]\n"

describe("a repository as people have it", () => {
  test("leaves files of other tools out, and says what to do about them", async () => {
    const path = write({
      "base/kustomization.yaml": kustomization,
      "base/web.yaml": service("web"),
      "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
      "chart/values.yaml": "replicas: 3\n",
      "chart/values.schema.json": '{"type": "object"}',
      "package.json": '{"name": "x"}',
      "tsconfig.json": '{\n  // a: comment: of [theirs\n  "x": 1,\n}',
      "compose.yaml": "services: {web: {image: nginx}}\n",
      "kind.yaml": "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnodes: []\n",
      "skaffold.yaml": "apiVersion: skaffold/v4beta6\nkind: Config\nbuild: {}\n",
      "kubeconfig.yaml": "apiVersion: v1\nkind: Config\nclusters: []\n",
      "patch-list.yaml": "- op: remove\n  path: /spec\n",
      "node_modules/x/package.json": service("not-ours"),
      ".github/workflows/ci.yaml": service("not-this"),
      "README.md": "a: [",
    })
    const answer = await read(path)
    expect(answer.objects).toEqual(["base/web.yaml Service web"])
    expect(answer.problems).toEqual([])
    expect(answer.files).toBe(1)
    expect(answer.notes).toEqual([
      "base/kustomization.yaml: its files are validated as they are; for what it makes: kustomize build " +
        `base | smm validate -f -`,
      `chart/Chart.yaml: a Helm chart; render it: helm template chart | smm validate -f -`,
      "7 files hold no Kubernetes object: compose.yaml, kind.yaml, kubeconfig.yaml and 4 more",
    ])
  })

  test("does not take a kustomization's patch for the object that it changes", async () => {
    const overlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../base]
patches: [{path: patch.yaml}, {patch: "- op: remove"}]
patchesStrategicMerge: [merge.yaml]
configMapGenerator: [{name: c, files: [settings.json, key=other.json]}]
`
    const { objects, skipped } = await read(
      write({
        "base/kustomization.yaml": kustomization,
        "base/web.yaml": service("web", "spec: {ports: [{port: 80}]}\n"),
        "overlays/prod/kustomization.yml": overlay,
        "overlays/prod/patch.yaml": service("web"),
        "overlays/prod/merge.yaml": service("web"),
        "overlays/prod/more.yaml": service("more"),
        "overlays/prod/settings.json": service("x"),
        "overlays/prod/other.json": service("x"),
      }),
    )
    expect(objects).toEqual(["base/web.yaml Service web", "overlays/prod/more.yaml Service more"])
    expect(skipped).toEqual([
      "kustomization base/kustomization.yaml",
      "kustomization overlays/prod/kustomization.yml",
      "patch overlays/prod/merge.yaml",
      "patch overlays/prod/other.json",
      "patch overlays/prod/patch.yaml",
      "patch overlays/prod/settings.json",
    ])
  })

  const faults: [string, string, RegExp][] = [
    ["an object that forgot its version", "kind: Service\nmetadata: {name: a}\n", /has no apiVersion/],
    ["an object that forgot both", "metadata: {name: a}\nspec: {}\n", /has no apiVersion/],
    ["an object that forgot its name", "apiVersion: v1\nkind: Service\nspec: {}\n", /has no metadata\.name/],
    ["one without metadata", "apiVersion: networking.istio.io/v1\nkind: Gateway\n", /has no metadata\.name/],
    ["what is no YAML", "a: [\n", /document 1/],
    ["a template of a chart", "kind: {{ .Values.kind }}\n", /is a template that was not rendered/],
    ["a fault beside a tool's document", "a: 1\n---\nkind: Service\n", /document 2 has no apiVersion/],
  ]
  test.each(faults)("still has a fault in %s", async (_, text, words) => {
    const { problems } = await read(write({ "a.yaml": text, "b.yaml": service("b") }))
    expect(problems.join("\n")).toMatch(words)
    expect(problems.join("\n")).toMatch(/^error a\.yaml/m)
  })

  test("reads all that can be read beside links to nowhere, to themselves and in circles", async () => {
    const path = write({ "a/web.yaml": service("web") })
    symlinkSync("nothing.yaml", join(path, "a/gone.yaml"))
    symlinkSync("self.yaml", join(path, "a/self.yaml"))
    symlinkSync(path, join(path, "a/up"))
    mkdirSync(join(path, "a/folder.yaml"))
    const { objects, problems } = await read(path)
    expect(objects).toEqual(["a/web.yaml Service web"])
    expect(problems).toEqual([
      "error a/gone.yaml is not there",
      "error a/self.yaml is a link that leads to itself",
    ])
  })
})

describe("what was named by itself", () => {
  test("has to be an object, whatever it looks like", async () => {
    const path = write({ "values.yaml": "replicas: 3\n" })
    expect((await read(join(path, "values.yaml"))).problems).toEqual([
      "error values.yaml document 1 has no apiVersion",
    ])
  })

  test("is read although a kustomization takes it for a patch", async () => {
    const path = write({ "kustomization.yaml": "patches: [{path: p.yaml}]\n", "p.yaml": service("web") })
    expect((await read(join(path, "p.yaml"))).objects).toEqual(["p.yaml Service web"])
    expect((await read(join(path, "kustomization.yaml"))).skipped).toEqual([
      "kustomization kustomization.yaml",
    ])
  })

  test("may be standard input, but not an empty one", async () => {
    await expect(readFiles(["-"], () => Promise.resolve(" \n"))).rejects.toThrow(
      "standard input is empty; did the command before smm fail?",
    )
  })
})
