import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { Change, ChangePreview, ControlReading } from "#shared/api/change.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { type FakeServer, type Person, fakeServer, smmOf } from "../testing.ts"

/** For tests: a mesh with the service bookinfo/reviews, and a server that answers for it. */

export const prod = "cls_00000000000000000000000001"
export const east = "cls_00000000000000000000000002"
export const changeId = "chg_00000000000000000000000001"
export const kind = "VirtualService.networking.istio.io"
export const route = (host: string): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews", namespace: "bookinfo", uid: "u", resourceVersion: "7" },
  spec: { hosts: ["reviews"], http: [{ route: [{ destination: { host } }] }] },
})
export const object = { kind, namespace: "bookinfo", name: "reviews" }
export const step = {
  cluster: prod,
  verb: "patch" as const,
  object,
  resourceVersion: "7",
  before: route("reviews"),
  after: route("\u001b[31mreviews-v2"),
  why: "the route",
}

export const preview = (more: object = {}) =>
  ChangePreview.parse({
    previewedAt: 0,
    digest: "d1",
    title: "Shift reviews to v2 100 %",
    services: ["bookinfo/reviews"],
    steps: [step],
    clusters: [
      {
        cluster: prod,
        clusterName: "prod",
        link: "live",
        mode: "mapped",
        check: {
          checkedAt: 0,
          as: { user: "ann", groups: ["mesh"] },
          failure: null,
          access: [
            {
              verb: "patch",
              kind,
              namespace: "bookinfo",
              name: "reviews",
              allowed: true,
              reason: "",
              grant: null,
            },
          ],
          owners: [
            {
              object,
              path: "spec.http",
              manager: "argocd-controller",
              operation: "Apply",
              at: null,
              claim: "reverts",
            },
          ],
          dryRun: [{ state: "passed", code: null, message: "" }],
        },
      },
    ],
    refused: [],
    findings: { added: [], removed: [], notEvaluated: [], rules: {} },
    traffic: [
      {
        cluster: prod,
        service: "bookinfo/reviews",
        bands: [],
        requestsPerSecond: 12.4,
        movedPerSecond: 12.4,
        mirrored: [],
        sentences: ["12.4 req/s that now reach v1 would reach v2"],
        certain: true,
        measuredAt: 0,
      },
    ],
    warnings: [],
    blockers: [],
    commands: { smm: "", kubectl: "", curl: "" },
    ...more,
  })

export const change = (more: object = {}) =>
  Change.parse({
    changeId,
    at: 0,
    endedAt: 0,
    by: { kind: "user", id: "u", name: "ann" },
    via: "cli",
    title: "Shift reviews to v2 100 %",
    services: ["bookinfo/reviews"],
    intent: null,
    state: "applied",
    clusters: [{ cluster: prod, clusterName: "prod", state: "done", as: null, failure: null, expiresAt: 0 }],
    steps: [],
    findings: { added: [], removed: [] },
    guard: null,
    revertAt: null,
    watch: null,
    undoOf: null,
    undoneBy: null,
    ...more,
  })

export const reading = (form: unknown, more: object = {}) =>
  ControlReading.parse({
    control: "routing",
    cluster: prod,
    form,
    api: "istio",
    objects: [object],
    unshown: [],
    versions: [],
    shadowed: [],
    warnings: [],
    ...more,
  })

export const rowsOf = (clusters: readonly [string, string][]) => ({
  items: clusters.map(([cluster, clusterName]) => ({
    cluster,
    clusterName,
    namespace: "bookinfo",
    name: "reviews",
  })) as never,
  cursor: null,
  notices: [],
})

export type Answers = Parameters<typeof fakeServer>[0]
export const serverOf = (answers: Answers = {}): FakeServer =>
  fakeServer({
    listServices: () => rowsOf([[prod, "prod"]]),
    listClusters: () => ({
      items: [
        { clusterId: prod, name: "prod" },
        { clusterId: east, name: "east" },
      ] as never,
    }),
    previewChange: () => preview(),
    createChange: () => change(),
    ...answers,
  })

export const smm = async (line: string | readonly string[], answers: Answers = {}, person: Person = {}) => {
  const server = serverOf(answers)
  const args = typeof line === "string" ? line.split(" ") : line
  const ran = await smmOf(server.fetch, args, person)
  const bodyOf = (name: string): unknown => server.calls.find((call) => call.name === name)?.body
  return { ...ran, calls: server.calls.map(({ name }) => name), bodyOf }
}

/** A folder for the files of a suite; what it answers writes one, and answers its path. */
export function writesFiles(): (name: string, text: string) => string {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "smm-acting-"))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return (name, text) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
}
