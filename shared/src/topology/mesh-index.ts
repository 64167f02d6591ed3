import { matchesLabels } from "../kube/selector.ts"
import type { TopologyFact } from "./fact.ts"

export type ServiceFact = Extract<TopologyFact, { type: "service" }>
export type WorkloadFact = Extract<TopologyFact, { type: "workload" }>
export type ExternalFact = Extract<TopologyFact, { type: "external" }>
export type ConfigFact = Extract<TopologyFact, { type: "config" }>
export type NamespaceFact = Extract<TopologyFact, { type: "namespace" }>

/** The facts of one cluster, ready to be asked. Built once for a document; each question is a map look-up. */
export type MeshIndex = {
  services: Map<string, ServiceFact>
  workloads: Map<string, WorkloadFact>
  namespaces: Map<string, NamespaceFact>
  configs: ConfigFact[]
  /** Workloads behind a service (key `namespace/name`). */
  behind: Map<string, WorkloadFact[]>
  /** Services in front of a workload (key `namespace/name`), the one that speaks for it first. */
  front: Map<string, ServiceFact[]>
  external(host: string): ExternalFact | undefined
  /** Objects that name the host. */
  shaping(host: string): ConfigFact[]
  /** Policies that select pods with these labels. */
  selecting(namespace: string, labels: Readonly<Record<string, string>>): ConfigFact[]
}

export const at = (namespace: string, name: string): string => `${namespace}/${name}`

const push = <V>(map: Map<string, V[]>, key: string, value: V): void => {
  const known = map.get(key)
  if (known) known.push(value)
  else map.set(key, [value])
}

/** Workloads by namespace and each label, so that a selector looks at the few that carry its first label. */
function byLabel(workloads: Iterable<WorkloadFact>): Map<string, WorkloadFact[]> {
  const index = new Map<string, WorkloadFact[]>()
  for (const workload of workloads)
    for (const [key, value] of Object.entries(workload.labels))
      push(index, `${workload.namespace}|${key}=${value}`, workload)
  return index
}

function selected(service: ServiceFact, index: Map<string, WorkloadFact[]>): WorkloadFact[] {
  const candidates = Object.entries(service.selector).map(
    ([key, value]) => index.get(`${service.namespace}|${key}=${value}`) ?? [],
  )
  const fewest = candidates.sort((a, b) => a.length - b.length)[0] ?? []
  return fewest.filter((workload) => matchesLabels(service.selector, workload.labels))
}

/** The service named as the workload's app speaks for it; then one with an address; then by name. */
function precedence(workload: WorkloadFact): (a: ServiceFact, b: ServiceFact) => number {
  const app =
    workload.labels["service.istio.io/canonical-name"] ??
    workload.labels["app.kubernetes.io/name"] ??
    workload.labels["app"] ??
    workload.name
  const cost = (service: ServiceFact) => (service.name === app ? 0 : 2) + (service.headless ? 1 : 0)
  return (a, b) => cost(a) - cost(b) || (a.name < b.name ? -1 : 1)
}

/** Looks a host up by itself, then by the wildcards that cover it: `api.pay.example`, `*.pay.example`, `*.example`. */
function hostLookup<V>(entries: Iterable<[string, V]>): (host: string) => V[] {
  const index = new Map<string, V[]>()
  for (const [host, value] of entries) push(index, host.toLowerCase(), value)
  return (host) => {
    const found: V[] = [...(index.get(host.toLowerCase()) ?? [])]
    const labels = host.toLowerCase().split(".")
    for (let i = 1; i < labels.length; i++) found.push(...(index.get(`*.${labels.slice(i).join(".")}`) ?? []))
    return found
  }
}

export function indexFacts(facts: readonly TopologyFact[]): MeshIndex {
  const services = new Map<string, ServiceFact>()
  const workloads = new Map<string, WorkloadFact>()
  const namespaces = new Map<string, NamespaceFact>()
  const externals: ExternalFact[] = []
  const configs: ConfigFact[] = []
  for (const fact of facts) {
    if (fact.type === "service") services.set(at(fact.namespace, fact.name), fact)
    else if (fact.type === "workload") addWorkload(workloads, fact)
    else if (fact.type === "namespace") namespaces.set(fact.name, fact)
    else if (fact.type === "external") externals.push(fact)
    else configs.push(fact)
  }
  const { behind, front } = join(services, workloads)
  const externalOf = hostLookup(
    externals.flatMap((fact) => fact.hosts.map((host): [string, ExternalFact] => [host, fact])),
  )
  const policies = new Map<string, ConfigFact[]>()
  for (const config of configs) if (config.selector !== null) push(policies, config.namespace, config)
  return {
    services,
    workloads,
    namespaces,
    configs,
    behind,
    front,
    external: (host) => externalOf(host)[0],
    shaping: hostLookup(
      configs.flatMap((config) => config.hosts.map((host): [string, ConfigFact] => [host, config])),
    ),
    selecting: (namespace, labels) =>
      (policies.get(namespace) ?? []).filter(
        ({ selector }) =>
          selector !== null && Object.entries(selector).every(([key, value]) => labels[key] === value),
      ),
  }
}

/** Two workloads of one name (a Deployment and a Job): Istio's metrics cannot tell them apart; the one with pods is meant. */
function addWorkload(workloads: Map<string, WorkloadFact>, fact: WorkloadFact): void {
  const known = workloads.get(at(fact.namespace, fact.name))
  if (!known || known.pods.total < fact.pods.total) workloads.set(at(fact.namespace, fact.name), fact)
}

function join(
  services: Map<string, ServiceFact>,
  workloads: Map<string, WorkloadFact>,
): Pick<MeshIndex, "behind" | "front"> {
  const labels = byLabel(workloads.values())
  const behind = new Map<string, WorkloadFact[]>()
  const front = new Map<string, ServiceFact[]>()
  for (const [key, service] of services) {
    const found = selected(service, labels)
    behind.set(key, found)
    for (const workload of found) push(front, at(workload.namespace, workload.name), service)
  }
  for (const [key, list] of front) {
    const workload = workloads.get(key)
    if (workload && list.length > 1) list.sort(precedence(workload))
  }
  return { behind, front }
}
