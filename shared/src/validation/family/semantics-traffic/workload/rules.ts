import { type Rule, rule } from "../../../rule.ts"
import { refused } from "../say.ts"

const entrySource = "https://istio.io/latest/docs/reference/config/networking/workload-entry/"
const groupSource = "https://istio.io/latest/docs/reference/config/networking/workload-group/"

const invalid = (code: string, title: string, remedy: string, source: string): Rule =>
  rule({ code, aliases: ["IST0106"], level: "error", title, effect: refused, remedy, source })

export const address = invalid(
  "workloadentry.address_invalid",
  "The address of a WorkloadEntry is not valid",
  "Write an IP address, a full name, or unix:// with an absolute path and no ports",
  entrySource,
)
export const ports = invalid(
  "workloadentry.ports_invalid",
  "Ports of a WorkloadEntry are not valid",
  "Map names of the service's ports to numbers from 1 to 65535",
  entrySource,
)
export const labels = invalid(
  "workloadentry.labels_invalid",
  "Labels of a WorkloadEntry are not valid",
  "Write keys and values as Kubernetes takes them",
  entrySource,
)
export const doubtful = rule({
  code: "workloadentry.address_missing",
  aliases: ["IST0133"],
  level: "warning",
  title: "A WorkloadEntry of a network has no address",
  effect: "Clients of the same network cannot reach it; others reach it through the gateway of its network",
  remedy: "Give the entry its address, unless it is reached through a gateway only",
  source: entrySource,
})
export const template = invalid(
  "workloadgroup.template_missing",
  "A WorkloadGroup has no template",
  "Write the template that entries of the group are made from",
  groupSource,
)
export const groupLabels = invalid(
  "workloadgroup.labels_invalid",
  "Labels of a WorkloadGroup are not valid",
  "Write keys and values as Kubernetes takes them",
  groupSource,
)
export const probe = invalid(
  "workloadgroup.probe_invalid",
  "The readiness probe of a WorkloadGroup is not valid",
  "Probe by httpGet, tcpSocket, exec or grpc, with a port from 1 to 65535 and no negative times",
  groupSource,
)

export const entryRules: readonly Rule[] = [address, ports, labels, doubtful]
export const groupRules: readonly Rule[] = [template, groupLabels, probe]
