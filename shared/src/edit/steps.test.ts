import { describe, expect, test } from "vitest"
import { config } from "../istio/fixture.ts"
import { type KubeObject, type ObjectRef, idOf, refOf } from "../kube/object.ts"
import { patchBetween } from "./diff.ts"
import type { Edit } from "./edit.ts"
import { settleMs, stepsOf } from "./steps.ts"

const at = (objects: readonly KubeObject[]) => {
  const byId = new Map(objects.map((object) => [idOf(refOf(object)), object]))
  return (ref: ObjectRef): KubeObject | undefined => byId.get(idOf(ref))
}
const change = (before: KubeObject, after: KubeObject): Edit => ({
  object: refOf(before),
  patch: patchBetween(before, after),
})

const rule = (...subsets: string[]): KubeObject =>
  config("DestinationRule", "shop/cart", {
    host: "cart",
    subsets: subsets.map((name) => ({ name, labels: { version: name } })),
  })
const route = (subset: string, name = "cart"): KubeObject =>
  config("VirtualService", `shop/${name}`, {
    hosts: ["cart"],
    http: [{ route: [{ destination: { host: "cart", subset } }] }],
  })
const peers = (mode: string): KubeObject => config("PeerAuthentication", "shop/default", { mtls: { mode } })
const tls = (mode: string): KubeObject =>
  config("DestinationRule", "shop/cart", { host: "cart", trafficPolicy: { tls: { mode } } })
const gateway = config("Gateway", "shop/edge", { servers: [] })
const delegate = config("VirtualService", "shop/part", { http: [] })
const sidecar = config("Sidecar", "shop/default", { egress: [{ hosts: ["./*"] }] })

/** `patch DestinationRule cart`, in order. */
const told = (edits: readonly Edit[], objects: readonly KubeObject[]): string[] =>
  stepsOf(edits, at(objects)).map(
    ({ verb, object }) => `${verb} ${object.kind.split(".")[0] ?? ""} ${object.name}`,
  )

const cases: [what: string, edits: Edit[], objects: KubeObject[], order: string[]][] = [
  [
    "a subset is there before a route names it",
    [change(route("v1"), route("v2")), change(rule("v1"), rule("v1", "v2"))],
    [route("v1"), rule("v1")],
    ["patch DestinationRule cart", "patch VirtualService cart"],
  ],
  [
    "a subset goes after the route that named it",
    [change(rule("v1", "v2"), rule("v2")), change(route("v1"), route("v2"))],
    [route("v1"), rule("v1", "v2")],
    ["patch VirtualService cart", "patch DestinationRule cart"],
  ],
  [
    "a rule that gains and loses subsets is written around the routes",
    [change(rule("v1"), rule("v2")), change(route("v1"), route("v2"))],
    [route("v1"), rule("v1")],
    ["patch DestinationRule cart", "patch VirtualService cart", "patch DestinationRule cart"],
  ],
  [
    "removals go from the routes outwards",
    [{ remove: refOf(gateway) }, { remove: refOf(rule("v1")) }, { remove: refOf(route("v1")) }],
    [gateway, rule("v1"), route("v1")],
    ["delete VirtualService cart", "delete DestinationRule cart", "delete Gateway edge"],
  ],
  [
    "a route is there before the one it replaces goes",
    [{ remove: refOf(route("v1")) }, { create: route("v1", "other") }],
    [route("v1")],
    ["create VirtualService other", "delete VirtualService cart"],
  ],
  [
    "a delegate is there before its root, and goes after it",
    [
      { create: route("v1") },
      { create: delegate },
      { remove: { ...refOf(delegate), name: "old" } },
      { remove: { ...refOf(delegate), name: "root" } },
    ],
    [
      config("VirtualService", "shop/old", { http: [] }),
      config("VirtualService", "shop/root", { hosts: ["x"] }),
    ],
    [
      "create VirtualService part",
      "create VirtualService cart",
      "delete VirtualService root",
      "delete VirtualService old",
    ],
  ],
  [
    "mutual TLS is required after the clients do it",
    [change(peers("PERMISSIVE"), peers("STRICT")), change(tls("DISABLE"), tls("ISTIO_MUTUAL"))],
    [peers("PERMISSIVE"), tls("DISABLE")],
    ["patch DestinationRule cart", "patch PeerAuthentication default"],
  ],
  [
    "mutual TLS is required after the rule that forbids it is gone",
    [{ create: peers("STRICT") }, { remove: refOf(tls("DISABLE")) }],
    [tls("DISABLE")],
    ["delete DestinationRule cart", "create PeerAuthentication default"],
  ],
  [
    "plain text is allowed before a client speaks it",
    [change(tls("ISTIO_MUTUAL"), tls("DISABLE")), change(peers("STRICT"), peers("PERMISSIVE"))],
    [peers("STRICT"), tls("ISTIO_MUTUAL")],
    ["patch PeerAuthentication default", "patch DestinationRule cart"],
  ],
  [
    "from mutual TLS only to plain text only it goes by way of both",
    [change(peers("STRICT"), peers("DISABLE")), change(tls("ISTIO_MUTUAL"), tls("DISABLE"))],
    [peers("STRICT"), tls("ISTIO_MUTUAL")],
    ["patch PeerAuthentication default", "patch DestinationRule cart", "patch PeerAuthentication default"],
  ],
  [
    "a Sidecar hides hosts after the routes, and shows them before",
    [{ create: sidecar }, change(route("v1"), route("v2"))],
    [route("v1")],
    ["patch VirtualService cart", "create Sidecar default"],
  ],
  [
    "what is so already takes no write",
    [change(rule("v1"), rule("v1")), { remove: refOf(gateway) }],
    [rule("v1")],
    [],
  ],
]

describe("the order of writes", () => {
  test.each(cases)("%s", (_, edits, objects, order) => {
    expect(told(edits, objects)).toEqual(order)
    expect(told(edits.toReversed(), objects)).toEqual(order)
  })

  test("each says why it stands there", () => {
    const steps = stepsOf(
      [change(rule("v1"), rule("v2")), change(route("v1"), route("v2"))],
      at([route("v1"), rule("v1")]),
    )
    expect(steps.map(({ why }) => why)).toEqual([
      "First: routes may name subset v2 once it is there",
      "After what it names is there, before what it does not name any more goes",
      "After the routes: none of this change names subset v1 any more",
    ])
    expect(steps.map(({ patch }) => patch?.length)).toEqual([1, 1, 1])
  })

  test.each<[string, Edit[], KubeObject[], number[]]>([
    [
      "between writes that count on each other",
      [change(rule("v1"), rule("v2")), change(route("v1"), route("v2"))],
      [route("v1"), rule("v1")],
      [0, settleMs, settleMs],
    ],
    [
      "after a removal of routes",
      [{ remove: refOf(rule("v1")) }, { remove: refOf(route("v1")) }],
      [route("v1"), rule("v1")],
      [0, settleMs],
    ],
    ["not between routes", [{ create: delegate }, { create: route("v1") }], [], [0, 0]],
    ["not before the only write", [change(route("v1"), route("v2"))], [route("v1")], [0]],
  ])("proxies get time %s", (_, edits, objects, times) => {
    expect(stepsOf(edits, at(objects)).map((step) => step.settleMs)).toEqual(times)
  })

  test("several edits of one object are one write, which names the version it was planned on", () => {
    const live = { ...rule("v1"), metadata: { ...rule("v1").metadata, resourceVersion: "7", uid: "u" } }
    const steps = stepsOf(
      [
        { object: refOf(live), patch: [{ op: "add", path: "/spec/subsets/1", value: { name: "v2" } }] },
        { object: refOf(live), patch: [{ op: "add", path: "/spec/subsets/2", value: { name: "v3" } }] },
      ],
      at([live]),
    )
    expect(steps).toMatchObject([
      { verb: "patch", resourceVersion: "7", uid: "u", apiVersion: "networking.istio.io/v1", create: null },
    ])
    expect(steps[0]?.patch).toHaveLength(2)
  })

  test.each<[string, Edit]>([
    ["is not there any more", change(rule("v1"), rule("v2"))],
    [
      "is not as it was planned on",
      { object: refOf(route("v1")), patch: [{ op: "remove", path: "/spec/tcp" }] },
    ],
    ["is there already", { create: route("v1") }],
  ])("an edit of what %s is refused", (said, edit) => {
    expect(() => stepsOf([edit], at([route("v1")]))).toThrow(
      expect.objectContaining({ code: "change.outdated", message: expect.stringContaining(said) as string }),
    )
  })
})
