import { describe, expect, test } from "vitest"
import { config, pod, service } from "../../istio/fixture.ts"
import { type MeshSettings, defaultSettings } from "../../istio/mesh.ts"
import type { KubeObject } from "../../kube/object.ts"
import type { MtlsMode, MtlsScope } from "../form.ts"
import { worldAfter } from "../overlay.ts"
import { effectOf } from "../patch.ts"
import { worldOf } from "../testing.ts"
import type { Caller, World } from "../world.ts"
import { plan, read } from "./mtls.ts"

const shop = [
  service("bookinfo/reviews", 9080),
  service("bookinfo/details", 9080, { ports: [{ name: "http", port: 9080, targetPort: "web" }] }),
  pod("bookinfo/reviews-v1", { app: "reviews", version: "v1" }),
  pod("bookinfo/details-v1", { app: "details" }),
]
const peer = (at: string, spec: Record<string, unknown>, created?: string): KubeObject =>
  config("PeerAuthentication", at, spec, created)
const ours = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { "app.kubernetes.io/managed-by": "service-mesh-manager" } },
})

type Options = { settings?: Partial<MeshSettings>; callers?: readonly Caller[] }
function worldWith(objects: readonly KubeObject[], { settings, callers }: Options = {}): World {
  const world = worldOf([...shop, ...objects], { settings: { ...defaultSettings, ...settings } })
  return callers === undefined
    ? world
    : { ...world, callers: ({ name }) => (name === "reviews" ? callers : []) }
}

function set(objects: readonly KubeObject[], scope: MtlsScope, mode: MtlsMode, options: Options = {}) {
  const world = worldWith(objects, options)
  const made = plan(world, scope, { mode })
  const next = worldAfter(world, effectOf(made.edits, (ref) => world.object(ref)) ?? { put: [], remove: [] })
  return {
    ...made,
    objects: next
      .list("PeerAuthentication.security.istio.io")
      .map(({ metadata, spec }) => ({ at: `${metadata.namespace ?? ""}/${metadata.name}`, spec })),
    reading: read(next, scope),
    codes: made.warnings.map(({ code }) => code),
  }
}
const known = { callers: [] }
const issueOf = (act: () => unknown): { path: string; message: string } | undefined => {
  try {
    act()
  } catch (error) {
    return (error as { detail: { issues: { path: string; message: string }[] } }).detail.issues[0]
  }
  throw new Error("nothing was refused")
}

const bookinfo = { namespace: "bookinfo" }
const reviews = { namespace: "bookinfo", service: "reviews" }
const selector = { matchLabels: { app: "reviews" } }

describe("mutual TLS", () => {
  test.each<[string, MtlsScope, string, unknown]>([
    ["the mesh", {}, "istio-system/default", { mtls: { mode: "STRICT" } }],
    ["a namespace", bookinfo, "bookinfo/default", { mtls: { mode: "STRICT" } }],
    ["a service", reviews, "bookinfo/reviews", { selector, mtls: { mode: "STRICT" } }],
    [
      "a port of a service, by the port of its pods",
      { ...reviews, port: 9080 },
      "bookinfo/reviews",
      { selector, portLevelMtls: { "8080": { mode: "STRICT" } } },
    ],
  ])("is required for %s by a new object with a plain name", (_, scope, at, spec) => {
    const { edits, objects, reading } = set([], scope, "STRICT", known)
    expect(edits).toMatchObject([
      {
        create: {
          apiVersion: "security.istio.io/v1",
          metadata: { labels: { "app.kubernetes.io/managed-by": "service-mesh-manager" } },
        },
      },
    ])
    expect(objects).toEqual([{ at, spec }])
    expect(reading).toMatchObject({ form: { mode: "STRICT" }, mtls: { effective: "STRICT" } })
  })

  test("is set in the object that counts, whatever its name, and leaves all else of it", () => {
    const old = peer("bookinfo/any", {
      selector,
      mtls: { mode: "PERMISSIVE", future: 1 },
      portLevelMtls: { "1": { mode: "DISABLE" } },
    })
    expect(set([old], reviews, "STRICT", known).edits).toMatchObject([
      { patch: [{ op: "replace", path: "/spec/mtls/mode", value: "STRICT" }] },
    ])
    expect(set([old], { ...reviews, port: 9080 }, "DISABLE", known).edits).toMatchObject([
      { patch: [{ op: "add", path: "/spec/portLevelMtls/8080", value: { mode: "DISABLE" } }] },
    ])
    expect(set([old], reviews, "PERMISSIVE", known).edits).toEqual([])
  })

  test("is taken away with what it leaves empty", () => {
    const both = peer("bookinfo/reviews", {
      selector,
      mtls: { mode: "STRICT" },
      portLevelMtls: { "8080": { mode: "DISABLE" } },
    })
    const first = set([ours(both)], { ...reviews, port: 9080 }, "UNSET", known)
    expect(first.objects[0]?.spec).toEqual({ selector, mtls: { mode: "STRICT" } })
    const only = peer("bookinfo/reviews", { selector, mtls: { mode: "STRICT" } })
    expect(set([ours(only)], reviews, "UNSET", known).objects).toEqual([])
    expect(set([only], reviews, "UNSET", known).objects).toEqual([
      { at: "bookinfo/reviews", spec: { selector } },
    ])
    expect(set([], bookinfo, "UNSET", known).edits).toEqual([])
  })

  test("is read with what each level says, the closest first, and where what counts comes from", () => {
    const objects = [
      peer("istio-system/default", { mtls: { mode: "STRICT" } }),
      peer("bookinfo/default", { mtls: { mode: "UNSET" } }),
      peer("bookinfo/reviews", { selector, portLevelMtls: { "8080": { mode: "DISABLE" } } }),
    ]
    const at = (scope: MtlsScope) => read(worldWith(objects), scope)
    expect(at({ ...reviews, port: 9080 })).toMatchObject({
      form: { mode: "DISABLE" },
      objects: [
        { name: "reviews" },
        { namespace: "bookinfo", name: "default" },
        { namespace: "istio-system", name: "default" },
      ],
      mtls: {
        effective: "DISABLE",
        message: "PeerAuthentication bookinfo/reviews asks DISABLE of port 8080 of the workload",
        levels: [
          { level: "port", mode: "DISABLE" },
          { level: "service", mode: "UNSET", object: { name: "reviews" } },
          { level: "namespace", mode: "UNSET", object: { name: "default" } },
          { level: "mesh", mode: "STRICT", object: { namespace: "istio-system" } },
        ],
      },
    })
    expect(at(reviews)).toMatchObject({
      form: null,
      mtls: {
        effective: "STRICT",
        message: "PeerAuthentication istio-system/default asks STRICT of the mesh",
      },
    })
    expect(at(bookinfo)).toMatchObject({ form: null, mtls: { effective: "STRICT" } })
    expect(at({})).toMatchObject({ form: { mode: "STRICT" }, mtls: { levels: [{ level: "mesh" }] } })
    expect(read(worldWith([]), reviews)).toMatchObject({
      form: null,
      objects: [],
      mtls: {
        effective: "PERMISSIVE",
        message: "No PeerAuthentication applies: plaintext and mutual TLS are taken",
      },
    })
  })

  test.each<[string, MtlsScope, MtlsMode, string, RegExp]>([
    ["disabling it for the mesh", {}, "DISABLE", "mode", /not disabled for the whole mesh/],
    [
      "unsetting it for the mesh, by the name of its namespace too",
      { namespace: "istio-system" },
      "UNSET",
      "mode",
      /not unset for the whole mesh/,
    ],
    [
      "a service that is not there",
      { namespace: "bookinfo", service: "gone" },
      "STRICT",
      "service",
      /no service bookinfo\/gone/,
    ],
    [
      "a port that the service has not",
      { ...reviews, port: 80 },
      "STRICT",
      "scope.port",
      /no port 80; its ports are 9080/,
    ],
    [
      "a port whose name no pod has",
      { namespace: "bookinfo", service: "details", port: 9080 },
      "STRICT",
      "scope.port",
      /no pod of bookinfo\/details has a container port web/,
    ],
    [
      "a port without a service",
      { namespace: "bookinfo", port: 9080 },
      "STRICT",
      "scope.service",
      /a port wants a service/,
    ],
    [
      "a service without pods of its own",
      { namespace: "bookinfo", service: "bare" },
      "STRICT",
      "scope.service",
      /selects no pods/,
    ],
    [
      "a service of the root namespace",
      { namespace: "istio-system", service: "istiod" },
      "STRICT",
      "scope.service",
      /root namespace/,
    ],
  ])("refuses %s", (_, scope, mode, path, message) => {
    const objects = [service("bookinfo/bare", 80, { selector: {} }), service("istio-system/istiod")]
    expect(issueOf(() => set(objects, scope, mode))).toEqual({
      path,
      message: expect.stringMatching(message) as string,
    })
  })

  test("of a service is on the ports that its pods give a name", () => {
    const named = pod("bookinfo/details-v2", { app: "details" })
    const spec = named["spec"] as { containers: object[] }
    const withPort = {
      ...named,
      spec: {
        ...spec,
        containers: [
          { name: "app", ports: [{ name: "web", containerPort: 3000 }] },
          ...spec.containers.slice(1),
        ],
      },
    }
    expect(
      set([withPort], { namespace: "bookinfo", service: "details", port: 9080 }, "STRICT", known).objects[0]
        ?.spec,
    ).toMatchObject({ portLevelMtls: { "3000": { mode: "STRICT" } } })
  })
})

describe("what would break by requiring mutual TLS", () => {
  test("clients that are seen to call in plain text", () => {
    const callers = [
      { namespace: "shop", name: "old", mtls: false, requestsPerSecond: 4.1 },
      { namespace: "shop", name: "new", mtls: true, requestsPerSecond: 9 },
      { namespace: "", name: "", mtls: false, requestsPerSecond: 0.5 },
      { namespace: "shop", name: "quiet", mtls: false, requestsPerSecond: 0 },
    ]
    expect(set([], bookinfo, "STRICT", { callers }).warnings).toEqual([
      {
        code: "mtls.plaintext_client",
        message:
          "shop/old (4.1 req/s) and somebody unknown (0.5 req/s) call bookinfo/reviews in plain text now: refused after this",
      },
    ])
    expect(set([], bookinfo, "PERMISSIVE", { callers }).codes).toEqual([])
    const strict = peer("bookinfo/reviews", { selector, mtls: { mode: "STRICT" } })
    expect(set([strict], bookinfo, "STRICT", { callers }).codes).toEqual([])
  })

  test("nobody knows, where no traffic is known", () => {
    expect(set([], bookinfo, "STRICT").codes).toEqual(["mtls.traffic_unknown"])
  })

  test.each<[string, KubeObject, boolean]>([
    [
      "clients of a rule for the host",
      config("DestinationRule", "bookinfo/reviews", {
        host: "reviews",
        trafficPolicy: { tls: { mode: "DISABLE" } },
      }),
      true,
    ],
    [
      "clients of a wide rule",
      config("DestinationRule", "istio-system/all", {
        host: "*.local",
        trafficPolicy: { tls: { mode: "DISABLE" } },
      }),
      true,
    ],
    [
      "clients of a rule of their own namespace",
      config("DestinationRule", "shop/reviews", {
        host: "reviews.bookinfo.svc.cluster.local",
        trafficPolicy: { tls: { mode: "SIMPLE" } },
      }),
      true,
    ],
    [
      "clients of one subset",
      config("DestinationRule", "bookinfo/reviews", {
        host: "reviews",
        subsets: [{ name: "v1", trafficPolicy: { tls: { mode: "DISABLE" } } }],
      }),
      true,
    ],
    [
      "clients of the port",
      config("DestinationRule", "bookinfo/reviews", {
        host: "reviews",
        trafficPolicy: { portLevelSettings: [{ port: { number: 9080 }, tls: { mode: "DISABLE" } }] },
      }),
      true,
    ],
    [
      "not clients of another port",
      config("DestinationRule", "bookinfo/reviews", {
        host: "reviews",
        trafficPolicy: { portLevelSettings: [{ port: { number: 81 }, tls: { mode: "DISABLE" } }] },
      }),
      false,
    ],
    [
      "not clients that do mutual TLS",
      config("DestinationRule", "bookinfo/reviews", {
        host: "reviews",
        trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
      }),
      false,
    ],
    [
      "not clients of another host",
      config("DestinationRule", "bookinfo/other", {
        host: "other",
        trafficPolicy: { tls: { mode: "DISABLE" } },
      }),
      false,
    ],
  ])("%s that forbids it", (_, rule, isTold) => {
    expect(set([rule], bookinfo, "STRICT", known).codes).toEqual(
      isTold ? ["mtls.legacy_destination_rule"] : [],
    )
  })

  test("clients that are told to do it, where it is disabled", () => {
    const rule = config("DestinationRule", "bookinfo/reviews", {
      host: "reviews",
      trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
    })
    expect(set([rule], reviews, "DISABLE", known).warnings).toEqual([
      {
        code: "mtls.legacy_destination_rule",
        message:
          "DestinationRule bookinfo/reviews tells clients to do tls mode ISTIO_MUTUAL to bookinfo/reviews: refused after this; take its mode away first",
      },
    ])
  })

  test("pods without a proxy, of the namespace or of the mesh", () => {
    const namespace: KubeObject = {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "bookinfo", labels: { "istio-injection": "enabled" } },
    }
    const bare = pod("bookinfo/job", {}, { sidecar: false })
    const own = { ...bare, metadata: { ...bare.metadata, labels: { "sidecar.istio.io/inject": "false" } } }
    const over = { ...own, metadata: { ...own.metadata, name: "done" }, status: { phase: "Succeeded" } }
    const apart = pod("elsewhere/pod", { "sidecar.istio.io/inject": "false" }, { sidecar: false })
    const objects = [namespace, own, over, apart]
    expect(set(objects, bookinfo, "STRICT", known).warnings).toEqual([
      {
        code: "mtls.no_sidecar",
        message:
          "1 pod of bookinfo has no proxy (job): it calls in plain text, which is refused where mutual TLS is required, and what is set here does not hold for it",
      },
    ])
    expect(set(objects, {}, "STRICT", known).warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining("1 pod of the mesh has no proxy (bookinfo/job)"),
    ])
  })

  test("everybody, where proxies do not choose it by themselves", () => {
    const settings = { autoMtls: false }
    expect(set([], reviews, "STRICT", { ...known, settings })).toMatchObject({
      codes: ["mtls.auto_off"],
      reading: { warnings: [{ code: "mtls.auto_off" }] },
    })
    const rule = config("DestinationRule", "bookinfo/reviews", {
      host: "reviews",
      trafficPolicy: { tls: { mode: "ISTIO_MUTUAL" } },
    })
    expect(set([rule], reviews, "STRICT", { ...known, settings }).codes).toEqual([])
  })

  test("health probes only where Istio does not take them", () => {
    const [own] = shop.slice(2)
    const annotated = {
      ...own,
      metadata: { ...own?.metadata, annotations: { "sidecar.istio.io/rewriteAppHTTPProbers": "false" } },
    } as KubeObject
    expect(set([annotated], reviews, "STRICT", known).codes).toEqual(["mtls.probes"])
  })

  test("nothing, where an older one selects the same pods and counts; which is told", () => {
    const older = peer(
      "bookinfo/older",
      { selector: { matchLabels: { version: "v1" } }, mtls: { mode: "PERMISSIVE" } },
      "2025-01-01T00:00:00Z",
    )
    const { codes, reading } = set(
      [
        older,
        config("DestinationRule", "bookinfo/reviews", {
          host: "reviews",
          trafficPolicy: { tls: { mode: "DISABLE" } },
        }),
      ],
      reviews,
      "STRICT",
      known,
    )
    expect(codes).toEqual(["mtls.overruled"])
    expect(reading.mtls?.effective).toBe("PERMISSIVE")
  })

  test("is found at 1,000 services in no time", () => {
    const many = Array.from({ length: 1_000 }, (_, i) => [
      service(`ns-${i % 20}/svc-${i}`),
      ...["a", "b", "c"].map((at) => pod(`ns-${i % 20}/svc-${i}-${at}`, { app: `svc-${i}` })),
    ]).flat()
    const world = worldWith(
      [
        ...many,
        config("DestinationRule", "istio-system/all", {
          host: "*.local",
          trafficPolicy: { tls: { mode: "DISABLE" } },
        }),
      ],
      known,
    )
    plan(world, {}, { mode: "STRICT" })
    const started = performance.now()
    const { warnings, services } = plan(world, {}, { mode: "STRICT" })
    expect(performance.now() - started).toBeLessThan(300)
    expect(warnings).toMatchObject([{ code: "mtls.legacy_destination_rule" }])
    expect(services).toHaveLength(50)
  })
})
