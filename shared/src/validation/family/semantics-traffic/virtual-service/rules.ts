import { type Rule, rule } from "../../../rule.ts"
import { refused } from "../say.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/virtual-service/"

const invalid = (part: string, title: string, remedy: string): Rule =>
  rule({
    code: `virtualservice.${part}_invalid`,
    aliases: ["IST0106"],
    level: "error",
    title,
    effect: refused,
    remedy,
    source,
  })

export const hosts = invalid(
  "hosts",
  "Hosts of a VirtualService are not valid",
  "Write full names or *.domain, none within another, and * only for gateways",
)
export const gateways = invalid(
  "gateways",
  "A VirtualService names a gateway in no valid form",
  "Write mesh, name, or namespace/name",
)
export const routes = invalid(
  "routes",
  "A route does nothing, or two things at once",
  "Give each http route exactly one of route, redirect, directResponse and delegate, and each tcp and tls route a destination",
)
export const match = invalid(
  "match",
  "A match is not valid",
  "Correct the condition, or leave it out where everything may match",
)
export const destination = invalid(
  "destination",
  "A destination is not valid",
  "Name a host, a subset that is a DNS label, and a port from 1 to 65535",
)
export const weights = invalid(
  "weights",
  "Weights of destinations are not valid",
  "Give every destination a weight of 0 or more, and at least one of them more than 0",
)
export const fault = invalid(
  "fault",
  "An injected fault is not valid",
  "Give the delay or the abort a percentage from 0 to 100 and a supported delay or status",
)
export const retries = invalid(
  "retries",
  "A timeout or a retry policy is not valid",
  "Write durations of whole milliseconds, attempts of 1 or more, and known conditions",
)
export const mirror = invalid(
  "mirror",
  "A mirror is not valid",
  "Use either mirror or mirrors, with a destination and a percentage from 0 to 100",
)
export const redirect = invalid(
  "redirect",
  "A redirect or direct response is not valid",
  "Say where to redirect to with a 3xx code, or answer with a status from 200 to 599 and a body below 1 MB",
)
export const rewrite = invalid(
  "rewrite",
  "A rewrite is not valid",
  "Rewrite the URI in one way only, and the authority in one place only",
)
export const headers = invalid(
  "headers",
  "A change of headers is not valid",
  "Change headers by their names, the authority only in requests, and write %% for a percent sign",
)
export const cors = invalid(
  "cors",
  "A CORS policy is not valid",
  "Write origins as exact, prefix or regex, known methods, header names, and a maxAge of whole seconds",
)
export const exportTo = invalid(
  "export",
  "exportTo of a VirtualService is not valid",
  "List namespaces once each, or only *",
)

export const doubtful = rule({
  code: "virtualservice.setting_doubtful",
  aliases: ["IST0133"],
  level: "warning",
  title: "A setting of a VirtualService is accepted but does not do what it seems to",
  effect: "Istio accepts the object with a warning",
  remedy: "Use the form that the finding names",
  source,
})

export const oldName = rule({
  code: "virtualservice.gateway_old_name",
  aliases: ["IST0133", "KIA1108"],
  level: "info",
  title: "Gateway is named in the old form",
  effect: "Istio takes what stands before the first two dots for the Gateway's name and namespace",
  remedy: "Write namespace/name",
  source,
})

export const unreachable = rule({
  code: "virtualservice.rule_unreachable",
  aliases: ["IST0130"],
  level: "warning",
  title: "A route is never used",
  effect:
    "Earlier routes of the same VirtualService take all that it would; Envoy takes the first that matches",
  remedy: "Move the route before the broader one, or remove it",
  source,
})

export const ineffective = rule({
  code: "virtualservice.match_ineffective",
  aliases: ["IST0131"],
  level: "info",
  title: "A match is covered by an earlier one",
  effect: "The earlier match takes all requests first; this one changes nothing",
  remedy: "Narrow the earlier match, move this one before it, or remove this one",
  source,
})

export const rules: readonly Rule[] = [
  ...[hosts, gateways, routes, match, destination, weights, fault, retries, mirror],
  ...[redirect, rewrite, headers, cors, exportTo, doubtful, oldName, unreachable, ineffective],
]
