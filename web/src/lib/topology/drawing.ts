import type { TopologyNode } from "#shared/topology/document.ts"
import type { Shape } from "./scene.ts"

/** Signs of nodes, in a box of 16. */
export const signs = {
  service: "M8 1.8l5.400 3.100v6.200L8 14.200l-5.400-3.100V4.900z",
  workload: "M2.500 4.500L8 2l5.500 2.500L8 7zM2.500 8L8 10.500 13.500 8M2.500 11.300L8 13.800l5.500-2.500",
  gateway: "M2 13.500h12M4 13.500V6.200a4 4 0 0 1 8 0v7.300M8 8v5.500",
  waypoint: "M2 13.500h12M4 13.500V6.200a4 4 0 0 1 8 0v7.300M8 8v5.500",
  external:
    "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M2 8h12M8 2c2 1.700 2.700 3.700 2.700 6S10 12.300 8 14C6 12.300 5.300 10.300 5.300 8S6 3.700 8 2",
  vm: "M2.500 3h11v7.500h-11zM5.500 13.500h5M8 10.500v3",
  unknown: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 7.500v3.500M8 5h.01",
} satisfies Record<TopologyNode["kind"], string>

/** Signs of badges, in a box of 16. */
export const badgeSigns: Record<TopologyNode["badges"][number], { d: string; does: string }> = {
  route: {
    d: "M2.500 8H6c2.500 0 2.500-4 5-4h2.500M6 8c2.500 0 2.500 4 5 4h2.500M11.500 2l2 2-2 2M11.500 10l2 2-2 2",
    does: "routes shape its traffic",
  },
  fault: { d: "M9 2L3.500 9h4L7 14l5.500-7h-4z", does: "a fault is injected" },
  mirror: { d: "M8 2.500v11M5.500 5L2 8l3.500 3zM10.500 5L14 8l-3.500 3z", does: "its traffic is mirrored" },
  "circuit-breaker": {
    d: "M2 8h3.500M10.500 8H14M5.500 8l4.500-4",
    does: "limits and outlier detection apply",
  },
  policy: { d: "M8 1.800l5 1.900v4c0 3-2 5.300-5 6.500-3-1.200-5-3.500-5-6.500v-4z", does: "policies apply" },
  plaintext: {
    d: "M4 7.500h8v6H4zM5.500 7.500V5a2.500 2.500 0 0 1 4.800-1",
    does: "some of its traffic is not encrypted, or it has no proxy",
  },
  locality: {
    d: "M8 14.500s4.500-4.400 4.500-8a4.500 4.500 0 0 0-9 0c0 3.600 4.500 8 4.500 8M8 8a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3",
    does: "locality decides where it goes",
  },
}

const rounded = ({ x, y, w, h }: Shape, r: number): string =>
  `M${x + r} ${y}H${x + w - r}A${r} ${r} 0 0 1 ${x + w} ${y + r}V${y + h - r}A${r} ${r} 0 0 1 ${x + w - r} ${y + h}H${x + r}A${r} ${r} 0 0 1 ${x} ${y + h - r}V${y + r}A${r} ${r} 0 0 1 ${x + r} ${y}Z`

/** Outline of a card: its kind is told by its shape. */
export function outlineOf(kind: TopologyNode["kind"] | "bundle", shape: Shape): string {
  const { x, y, w, h } = shape
  switch (kind) {
    case "gateway":
    case "waypoint": {
      const nose = Math.min(10, w / 4)
      return `M${x + 6} ${y}H${x + w - nose}L${x + w} ${y + h / 2}L${x + w - nose} ${y + h}H${x + 6}Q${x} ${y + h} ${x} ${y + h - 6}V${y + 6}Q${x} ${y} ${x + 6} ${y}Z`
    }
    case "external":
      return `M${x + 6} ${y}H${x + w - 10}L${x + w} ${y + 10}V${y + h - 6}Q${x + w} ${y + h} ${x + w - 6} ${y + h}H${x + 6}Q${x} ${y + h} ${x} ${y + h - 6}V${y + 6}Q${x} ${y} ${x + 6} ${y}Z`
    case "vm":
      return `M${x} ${y}H${x + w}V${y + h}H${x}Z`
    case "workload":
    case "unknown":
      return rounded(shape, h / 2)
    default:
      return rounded(shape, 7)
  }
}

export const dashes = { http: undefined, grpc: "7 3", tcp: "2 3" } as const
export const arrowHead = "M0 0L-7 -3.6L-5.5 0L-7 3.6Z"
