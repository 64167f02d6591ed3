import type { Instance } from "../../../istio/instance.ts"
import type { Protocol } from "../../../istio/registry.ts"
import { type KubeObject, refOf } from "../../../kube/object.ts"
import { type Json, list, record, strings } from "../../../topology/fact/read.ts"
import { type Report, type View, check, derived } from "../../check.ts"
import type { Fix } from "../../finding.ts"
import { pointerOf } from "../../path.ts"
import { coverageOf, dataplaneAt } from "./coverage.ts"
import { httpField } from "./http-field.ts"
import { authorizationPolicy, instanceKinds, serviceKinds } from "./kinds.ts"
import { httpOnTcp, portUnused } from "./never-rules.ts"
import { containerPort, oneOfEach, servicesBefore } from "./peer-authentication.ts"
import {
  actionOf,
  eachText,
  isTargeted,
  namespaceOf,
  operationOf,
  operationPath,
  rulePath,
  rulesOf,
  selectorLabels,
  specOf,
  tosOf,
  valuePath,
} from "./policy.ts"
import { some } from "./sentence.ts"

type Ports = {
  /** Container ports behind services, with all protocols that services give them. */
  protocols: Map<number, Set<Protocol>>
  /** Container ports that pods declare. */
  declared: Set<number>
  /** Container ports by the service port in front of them. */
  behind: Map<number, Set<number>>
}

function addPorts(ports: Ports, view: View, instance: Instance): void {
  const pod = view.get("Pod", instance.namespace, instance.name)
  for (const container of list(record(pod?.["spec"])["containers"]))
    for (const port of list(record(container)["ports"])) {
      const number = record(port)["containerPort"]
      if (typeof number === "number") ports.declared.add(number)
    }
  for (const service of servicesBefore(view, instance.namespace, instance.labels))
    for (const port of service.ports) {
      const target = containerPort(port, instance)
      if (target === 0) continue
      const protocols = ports.protocols.get(target) ?? new Set()
      protocols.add(port.protocol)
      ports.protocols.set(target, protocols)
      const behind = ports.behind.get(port.number) ?? new Set()
      behind.add(target)
      ports.behind.set(port.number, behind)
    }
}

/** Those of a whole namespace: every policy without a selector asks for them. */
const namespacePorts = derived<Ports | undefined>({
  name: "security/namespace-ports",
  compute: (view, namespace) => portsOf(view, view.mesh.instances.get(namespace) ?? []),
})

/** The ports of everything a policy is for; undefined when they are not known of all of it. */
function portsOf(view: View, instances: readonly Instance[]): Ports | undefined {
  if (instances.length === 0) return undefined
  const ports: Ports = { protocols: new Map(), declared: new Set(), behind: new Map() }
  for (const instance of oneOfEach(instances)) {
    // A gateway listens where its Gateways say; a waypoint takes over for the ambient ones.
    if (instance.gateway || dataplaneAt(view, instance) !== "sidecar") return undefined
    const before = ports.protocols.size
    addPorts(ports, view, instance)
    if (before === 0 && ports.protocols.size === 0) return undefined
  }
  return ports
}

function portsFor(view: View, policy: KubeObject): Ports | undefined {
  if (selectorLabels(specOf(policy)) === undefined) return view.derive(namespacePorts, namespaceOf(policy))
  const covered = coverageOf(view, policy)
  return covered === "mesh" ? undefined : portsOf(view, covered)
}

function portFix(
  policy: KubeObject,
  path: string,
  values: readonly string[],
  ports: Ports,
  value: string,
): Fix | undefined {
  const behind = [...(ports.behind.get(Number(value)) ?? [])]
  const target = behind[0]
  if (behind.length !== 1 || target === undefined || values.includes(String(target))) return undefined
  return {
    title: `Write port ${target}`,
    edits: [
      {
        object: refOf(policy),
        patch: [{ op: "replace", path: pointerOf(path), value: String(target) }],
      },
    ],
  }
}

function checkPorts(policy: KubeObject, operation: Json, entry: string, ports: Ports, report: Report): void {
  const values = strings(operation["ports"])
  eachText(operation["ports"], (value, at) => {
    const number = Number(value)
    if (!Number.isInteger(number) || ports.protocols.has(number) || ports.declared.has(number)) return
    const path = valuePath(entry, "ports", at)
    const fix = portFix(policy, path, values, ports, value)
    const behind = [...(ports.behind.get(number) ?? [])].map(String)
    report(portUnused, {
      path,
      ...(actionOf(specOf(policy)) === "DENY" ? { level: "error" as const } : {}),
      message:
        behind.length > 0
          ? `${value} is the port of the service, the container's is ${some(behind)}`
          : `nothing that the policy is for listens on ${value}; ${some([...ports.protocols.keys()].sort((a, b) => a - b).map(String))} are in use`,
      ...(fix === undefined ? {} : { fix }),
    })
  })
}

/** Container ports that a rule is for: those it names, or all. */
function portsOfRule(rule: Json, ports: Ports): number[] {
  const named = tosOf(rule)
    .flatMap((to) => strings(operationOf(to)["ports"]))
    .map(Number)
  const isEvery = tosOf(rule).some((to) => list(operationOf(to)["ports"]).length === 0)
  return named.length > 0 && !isEvery
    ? named.filter((number) => ports.protocols.has(number))
    : [...ports.protocols.keys()]
}

function checkProtocol(spec: Json, rule: Json, at: number, ports: Ports, report: Report): void {
  const field = httpField(rule)
  if (field === undefined) return
  const action = actionOf(spec)
  // DENY by HTTP without any port is told already, wherever it stands.
  if (action === "DENY" && !tosOf(rule).some((to) => list(operationOf(to)["ports"]).length > 0)) return
  const numbers = portsOfRule(rule, ports)
  if (numbers.length === 0) return
  const isTcp = (protocols: Set<Protocol> | undefined): boolean =>
    protocols !== undefined && [...protocols].every((protocol) => protocol === "tcp" || protocol === "tls")
  if (!numbers.every((number) => isTcp(ports.protocols.get(number)))) return
  report(httpOnTcp, {
    path: rulePath(at),
    message: `${field} is HTTP, and ${numbers.length === 1 ? "port" : "ports"} ${some(numbers.map(String))} ${numbers.length === 1 ? "is" : "are"} TCP: ${action === "DENY" ? "the rule denies whatever the rest of it matches" : "the rule never matches"}`,
  })
}

export const unusedPorts = check({
  name: "authorizationpolicy/ports",
  subject: authorizationPolicy,
  reads: [...instanceKinds, ...serviceKinds, "Namespace"],
  needs: ["Pod", "Service"],
  rules: [portUnused, httpOnTcp],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    if (isTargeted(spec) || namespaceOf(policy) === view.settings.rootNamespace) return
    const rules = rulesOf(spec)
    const isAsking = rules.some(
      (item) =>
        httpField(record(item)) !== undefined ||
        tosOf(record(item)).some((to) => operationOf(to)["ports"] !== undefined),
    )
    if (!isAsking) return
    const ports = portsFor(view, policy)
    if (ports === undefined) return
    rules.forEach((item, at) => {
      const rule = record(item)
      tosOf(rule).forEach((to, position) => {
        const operation = operationOf(to)
        if (operation["ports"] !== undefined)
          checkPorts(policy, operation, operationPath(at, position), ports, report)
      })
      checkProtocol(spec, rule, at, ports, report)
    })
  },
})
