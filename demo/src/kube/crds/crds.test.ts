import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { watchedKinds } from "#shared/kube/kinds.ts"
import { createKubeApi } from "../kube-api.ts"
import type { KubeStore, ObjectInput } from "../store.ts"
import { meshDefinitions } from "./index.ts"

const fixtures = process.env["SMM_FIXTURES"] ?? "../shared/fixtures"
const bookinfo = join(fixtures, "bookinfo")
const crds = join(fixtures, "crds")

const newStore = (): KubeStore => createKubeApi({ now: () => Date.parse("2026-11-24T10:00:00Z") }).store

const documents = (file: string): ObjectInput[] =>
  parseAllDocuments(readFileSync(file, "utf8"))
    .map((document) => document.toJS() as ObjectInput | null)
    .filter((object): object is ObjectInput => object !== null)

const isMesh = ({ apiVersion }: ObjectInput) => /istio\.io|gateway\.networking\.k8s\.io/.test(apiVersion)

const examples = existsSync(bookinfo)
  ? readdirSync(bookinfo)
      .filter((file) => file.endsWith(".yaml"))
      .flatMap((file) =>
        documents(join(bookinfo, file))
          .filter(isMesh)
          .map((object): [string, ObjectInput] => [file, object]),
      )
  : []

describe("the definitions of the mesh's kinds", () => {
  test("cover every Istio and Gateway API kind that the product watches", () => {
    const wanted = watchedKinds
      .filter(({ family }) => family !== "core")
      .map(({ plural, group }) => `${plural}.${group}`)
    expect(meshDefinitions.map(({ metadata }) => metadata.name).sort()).toEqual(wanted.sort())
  })

  describe.skipIf(!existsSync(bookinfo))("on the Bookinfo of Istio's samples", () => {
    test.each(examples)("%s loses nothing", (_, object) => {
      const stored = newStore().create({ ...object, metadata: { ...object.metadata, namespace: "default" } })
      expect(stored["spec"]).toMatchObject(object["spec"] as object)
    })
  })

  describe.skipIf(!existsSync(crds))("beside the projects' own definitions", () => {
    test.each(["istio.yaml", "gateway-api.yaml"])("%s can take their place", (file) => {
      const store = newStore()
      for (const object of documents(join(crds, file)))
        if (object.kind === "CustomResourceDefinition") store.apply(object)
      for (const [, example] of examples)
        store.apply({ ...example, metadata: { ...example.metadata, namespace: "default" } })
      expect(store.list("CustomResourceDefinition.apiextensions.k8s.io").length).toBeGreaterThan(10)
    })
  })
})
