import { type Rule, rule } from "../../../rule.ts"
import { refused } from "../say.ts"

const source = "https://istio.io/latest/docs/reference/config/networking/service-entry/"

const invalid = (part: string, title: string, remedy: string): Rule =>
  rule({
    code: `serviceentry.${part}_invalid`,
    aliases: ["IST0106"],
    level: "error",
    title,
    effect: refused,
    remedy,
    source,
  })

export const hosts = invalid(
  "hosts",
  "Hosts of a ServiceEntry are not valid",
  "Write at least one full name, or *.domain; never * alone",
)
export const addresses = invalid(
  "addresses",
  "Addresses of a ServiceEntry are not valid",
  "Write IP addresses, or blocks of them where the resolution is NONE or STATIC",
)
export const ports = invalid(
  "ports",
  "Ports of a ServiceEntry are not valid",
  "Give every port a name and a number of its own, and a protocol that Istio knows",
)
export const selector = invalid(
  "selector",
  "The workload selector of a ServiceEntry is not valid",
  "Select workloads by plain labels, or list endpoints, not both",
)
export const endpoints = invalid(
  "endpoints",
  "Endpoints of a ServiceEntry are not valid",
  "Write endpoints as the resolution wants them: addresses for STATIC, names for DNS, none for NONE and DYNAMIC_DNS",
)
export const resolution = invalid(
  "resolution",
  "The resolution of a ServiceEntry does not go with its hosts, ports or location",
  "Use DNS for full names, DYNAMIC_DNS for wildcards of HTTP or TLS, NONE for anything else",
)
export const exportTo = invalid(
  "export",
  "exportTo of a ServiceEntry is not valid",
  "List namespaces once each, or only *, or only ~",
)
export const doubtful = rule({
  code: "serviceentry.setting_doubtful",
  aliases: ["IST0133"],
  level: "warning",
  title: "A setting of a ServiceEntry is accepted but does not do what it seems to",
  effect: "Istio accepts the object with a warning",
  remedy: "Change the setting that the finding names",
  source,
})

export const rules: readonly Rule[] = [
  hosts,
  addresses,
  ports,
  selector,
  endpoints,
  resolution,
  exportTo,
  doubtful,
]
