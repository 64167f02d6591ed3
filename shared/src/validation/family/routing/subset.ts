import { destinationRuleFor } from "../../../istio/destination-rule.ts"
import { configHost, hostMatches, isWildcard, serviceHost } from "../../../istio/host.ts"
import type { VirtualService } from "../../../istio/mesh.ts"
import { named } from "../../../istio/reason.ts"
import { isExportedTo } from "../../../istio/visibility.ts"
import { type KubeObject, type ObjectRef, refOf } from "../../../kube/object.ts"
import { list, record, strings, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, index } from "../../check.ts"
import { type GatewayClient, certain, clientsOf, modelOf } from "./client.ts"
import { subsetNotEffective, subsetUnknown } from "./destination-rules.ts"
import { servicesFor } from "./service.ts"
import { destinationRuleKind, gatewayKind, serviceEntryKind, virtualServiceKind } from "./kinds.ts"
import { type Target, targetPath, visitTargets } from "./target.ts"

const wildcards = "*"

/** DestinationRules by their full host; those with a wildcard together. */
const rulesByHost = index({
  name: "routing/destination rules by host",
  kind: destinationRuleKind,
  keysOf: (object, { domain }) => {
    const host = configHost(text(record(object["spec"])["host"]), object.metadata.namespace ?? "", domain)
    return host === "" ? [] : [isWildcard(host) ? wildcards : host]
  },
})

const hasSubset = (rule: KubeObject, name: string): boolean => {
  for (const subset of list(record(rule["spec"])["subsets"])) if (record(subset)["name"] === name) return true
  return false
}

/** `a.b.svc.cluster.local` is of namespace `b`; a host of another form names none. */
export function namespaceInHost(host: string, domain: string): string | undefined {
  const first = host.indexOf(".")
  const second = host.indexOf(".", first + 1)
  if (first < 0 || second < 0 || !host.startsWith(".svc.", second)) return undefined
  return host.length === second + 5 + domain.length && host.endsWith(domain)
    ? host.slice(first + 1, second)
    : undefined
}

type Wanted = { target: Target; host: string; subset: string }

/** DestinationRules for a host; `plain`: the only one, and all of its subsets are everybody's. */
type Found = { written: string; host: string; plain: KubeObject | undefined; rules: readonly KubeObject[] }

class Subsets {
  readonly #object: KubeObject
  readonly #view: View
  readonly #report: Report
  #clients: readonly GatewayClient[] | undefined
  #last: Found | undefined

  constructor(object: KubeObject, view: View, report: Report) {
    this.#object = object
    this.#view = view
    this.#report = report
  }

  check(target: Target): void {
    const subset = text(target.destination["subset"])
    const written = text(target.destination["host"])
    if (subset === "" || written === "") return
    // Routes of a VirtualService mostly go to one service.
    if (this.#last?.written !== written) this.#last = this.#rulesFor(written)
    const { host, plain, rules } = this.#last
    if (plain !== undefined && hasSubset(plain, subset)) return
    this.#decide({ target, host, subset }, rules)
  }

  #rulesFor(written: string): Found {
    const host = configHost(written, this.#object.metadata.namespace ?? "", this.#view.settings.domain)
    const exact = this.#view.find(rulesByHost, host)
    const broad = this.#view.find(rulesByHost, wildcards)
    if (broad.length === 0) return { written, host, plain: this.#plain(exact, host), rules: exact }
    const rules = [...exact, ...broad.filter((rule) => this.#takes(rule, host))]
    return { written, host, plain: undefined, rules }
  }

  /** The common case: one rule, for everybody, beside its service. */
  #plain(exact: readonly KubeObject[], host: string): KubeObject | undefined {
    const [only] = exact
    if (only === undefined || exact.length > 1) return undefined
    const { exportTo, workloadSelector } = record(only["spec"])
    if (exportTo !== undefined || workloadSelector !== undefined) return undefined
    if (this.#view.settings.exportTo.destinationRule.length > 0) return undefined
    const { namespace } = only.metadata
    return namespace === namespaceInHost(host, this.#view.settings.domain) ? only : undefined
  }

  #takes(rule: KubeObject, host: string): boolean {
    return hostMatches(text(record(rule["spec"])["host"]), host)
  }

  #exportedTo(rule: KubeObject, namespace: string): boolean {
    const written = strings(record(rule["spec"])["exportTo"])
    const exportTo = written.length > 0 ? written : this.#view.settings.exportTo.destinationRule
    return isExportedTo(exportTo, rule.metadata.namespace ?? "", namespace)
  }

  #decide(wanted: Wanted, rules: readonly KubeObject[]): void {
    const { host, subset } = wanted
    if (rules.length === 0 && !this.#isHost(host)) {
      this.#abbreviated(wanted)
      return
    }
    const config = modelOf(this.#view, this.#object)
    if (config === undefined) return
    this.#clients ??= clientsOf(this.#view, config)
    const namespaces = new Set(this.#clients.map(({ namespace }) => namespace)).add(config.namespace)
    const seen = rules.filter((rule) => [...namespaces].some((to) => this.#exportedTo(rule, to)))
    if (!seen.some((rule) => hasSubset(rule, subset))) {
      this.#unknown(wanted, seen)
      return
    }
    this.#effective(wanted, seen, config)
  }

  /** A name that DNS completes and Istio does not (`reviews.shop`): what it is meant to be may have no such subset either. */
  #abbreviated({ host, ...wanted }: Wanted): void {
    const [name = "", namespace = "", svc = "svc", ...rest] = host.split(".")
    if (namespace === "" || svc !== "svc" || rest.length > 0) return
    const full = serviceHost(name, namespace, this.#view.settings.domain)
    const rules = this.#view.find(rulesByHost, full)
    if (rules.length > 0) this.#decide({ ...wanted, host: full }, rules)
  }

  /** A host that is none is said once, by the check of hosts. */
  #isHost(host: string): boolean {
    return (
      namespaceInHost(host, this.#view.settings.domain) !== undefined ||
      servicesFor(this.#view, host).length > 0
    )
  }

  #unknown({ target, host, subset }: Wanted, rules: readonly KubeObject[]): void {
    const path = `${targetPath(target)}.subset`
    const mirrored = target.field === "route" ? "Subset" : "Mirrored subset"
    const stray = rules.length === 0 ? this.#stray(host, subset) : undefined
    if (stray !== undefined) {
      // The fault is the rule's, and said of it; this is what comes of it.
      const written = text(record(stray["spec"])["host"])
      this.#report(subsetUnknown, {
        path,
        level: "warning",
        message: `${mirrored} ${subset} is nowhere: ${named(refOf(stray))} has one, but for ${written}, which no service is`,
        references: [{ object: refOf(stray), path: "spec.host" }],
      })
      return
    }
    const names = new Set<string>()
    for (const rule of rules)
      for (const entry of list(record(rule["spec"])["subsets"])) names.add(text(record(entry)["name"]))
    const there = names.size === 0 ? "there are none" : `there are ${[...names].join(", ")}`
    this.#report(subsetUnknown, {
      path,
      message:
        rules.length === 0
          ? `${mirrored} ${subset} is nowhere: there is no DestinationRule for ${host}`
          : `${mirrored} ${subset} is in no DestinationRule for ${host}; ${there}`,
      references: rules.map((rule) => ({ object: refOf(rule), path: "spec.subsets" })),
    })
  }

  /** A rule beside the service that has the subset, but for a host that is none. */
  #stray(host: string, subset: string): KubeObject | undefined {
    const { domain } = this.#view.settings
    const namespace = namespaceInHost(host, domain)
    if (namespace === undefined || servicesFor(this.#view, host).length === 0) return undefined
    return this.#view.inNamespace(destinationRuleKind, namespace).find((rule) => {
      const own = configHost(text(record(rule["spec"])["host"]), namespace, domain)
      return hasSubset(rule, subset) && servicesFor(this.#view, own).length === 0
    })
  }

  #effective(wanted: Wanted, rules: readonly KubeObject[], config: VirtualService): void {
    const { host, subset, target } = wanted
    const service = this.#serviceNamespace(host)
    if (service === undefined) return
    const without: { client: GatewayClient; object: ObjectRef | undefined }[] = []
    for (const client of this.#asking(rules, config)) {
      const effective = destinationRuleFor(this.#view.mesh, client, { host, namespace: service })
      if (!effective.subsets.some(({ name }) => name === subset))
        without.push({ client, object: effective.objects[0] })
    }
    const [first] = without
    if (first === undefined) return
    const where = [...new Set(without.map(({ client }) => client.namespace))].sort().join(", ")
    const defined = rules.filter((rule) => hasSubset(rule, subset)).map(refOf)
    const instead = first.object === undefined ? "no DestinationRule counts" : `${named(first.object)} counts`
    this.#report(subsetNotEffective, {
      path: `${targetPath(target)}.subset`,
      message: `For clients in ${where} ${instead}, without subset ${subset}; it is defined by ${defined.map(named).join(", ")}`,
      references: [...defined, ...(first.object === undefined ? [] : [first.object])].map((object) => ({
        object,
        path: "spec.subsets",
      })),
    })
  }

  /** The clients named, and, of a VirtualService for the whole mesh, those of each namespace with a rule of its own. */
  #asking(rules: readonly KubeObject[], { gateways, exportTo, namespace }: VirtualService): GatewayClient[] {
    const clients = certain(this.#clients ?? [])
    if (!gateways.includes("mesh")) return clients
    for (const { metadata } of rules) {
      const own = metadata.namespace ?? ""
      const isNew = clients.every((client) => client.namespace !== own)
      if (isNew && own !== this.#view.settings.rootNamespace && isExportedTo(exportTo, namespace, own))
        clients.push({ kind: "sidecar", namespace: own, labels: {}, known: false })
    }
    return clients
  }

  #serviceNamespace(host: string): string | undefined {
    return servicesFor(this.#view, host)[0]?.namespace ?? namespaceInHost(host, this.#view.settings.domain)
  }
}

export const subsets = check({
  name: "virtualservice/subsets",
  subject: virtualServiceKind,
  reads: [virtualServiceKind, destinationRuleKind, "Service", serviceEntryKind, gatewayKind, "Pod"],
  needs: [destinationRuleKind],
  rules: [subsetUnknown, subsetNotEffective],
  run: (object, view, report) => {
    const all = new Subsets(object, view, report)
    visitTargets(record(object["spec"]), (target) => {
      all.check(target)
    })
  },
})
