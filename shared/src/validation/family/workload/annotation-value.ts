/** What is wrong with the value of an annotation, in words; undefined when nothing is. */
type Judge = (value: string) => string | undefined

const whole =
  (most: number, what: string): Judge =>
  (value) =>
    /^\d+$/.test(value) && Number(value) <= most ? undefined : `${what}, not "${value}"`

const count = whole(4_294_967_295, "wants a whole number")
const portNumber = whole(65_535, "wants a port, 0 to 65535")

const truth: Judge = (value) =>
  /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)
    ? undefined
    : `wants true or false, not "${value}"`

const interception: Judge = (value) =>
  ["REDIRECT", "TPROXY", "NONE"].includes(value)
    ? undefined
    : `wants REDIRECT, TPROXY or NONE, not "${value}"`

const quantity: Judge = (value) =>
  /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[mkMGTPEnu]|[eE][+-]?\d+)?$/.test(value)
    ? undefined
    : `wants a quantity such as 100m or 128Mi, not "${value}"`

const items = (value: string): string[] =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")

const ports =
  (star: boolean): Judge =>
  (value) => {
    if (star && value === "*") return undefined
    for (const item of items(value)) {
      const wrong = portNumber(item)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

const octet = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)"
const cidr4 = new RegExp(`^${octet}(\\.${octet}){3}/(3[0-2]|[12]?\\d)$`)
const cidr6 = /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\/(12[0-8]|1[01]\d|\d?\d)$/

const ranges =
  (star: boolean): Judge =>
  (value) => {
    if (star && value === "*") return undefined
    for (const item of items(value))
      if (!cidr4.test(item) && !cidr6.test(item)) return `wants ranges such as 10.0.0.0/8, not "${item}"`
    return undefined
  }

/** Source: istio.io/docs/reference/config/annotations, the types of the values. */
export const judges: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ["sidecar.istio.io/interceptionMode", interception],
  ["status.sidecar.istio.io/port", portNumber],
  ["readiness.status.sidecar.istio.io/initialDelaySeconds", count],
  ["readiness.status.sidecar.istio.io/periodSeconds", count],
  ["readiness.status.sidecar.istio.io/failureThreshold", count],
  ["traffic.sidecar.istio.io/includeOutboundIPRanges", ranges(true)],
  ["traffic.sidecar.istio.io/excludeOutboundIPRanges", ranges(false)],
  ["traffic.sidecar.istio.io/includeInboundPorts", ports(true)],
  ["traffic.sidecar.istio.io/excludeInboundPorts", ports(false)],
  ["traffic.sidecar.istio.io/excludeOutboundPorts", ports(false)],
  ["prometheus.istio.io/merge-metrics", truth],
  ["sidecar.istio.io/proxyCPU", quantity],
  ["sidecar.istio.io/proxyMemory", quantity],
  ["sidecar.istio.io/proxyCPULimit", quantity],
  ["sidecar.istio.io/proxyMemoryLimit", quantity],
])
