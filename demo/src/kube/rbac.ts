import type { KubeObject } from "#shared/kube/object.ts"
import { at, listOf, textOf, textsOf } from "./json.ts"
import type { Memory } from "./memory.ts"
import { accountOf, type User } from "./user.ts"

const group = "rbac.authorization.k8s.io"

/** What a user wants to do, as RBAC sees it. */
export type Attributes =
  | {
      verb: string
      group: string
      resource: string
      subresource: string
      namespace: string
      name: string
    }
  | { verb: string; path: string }

export type Decision = { allowed: boolean; reason: string }

export type Rule = {
  verbs: string[]
  apiGroups: string[]
  resources: string[]
  resourceNames: string[]
  nonResourceURLs: string[]
}

const ruleOf = (rule: unknown): Rule => ({
  verbs: textsOf(at(rule, "verbs")),
  apiGroups: textsOf(at(rule, "apiGroups")),
  resources: textsOf(at(rule, "resources")),
  resourceNames: textsOf(at(rule, "resourceNames")),
  nonResourceURLs: textsOf(at(rule, "nonResourceURLs")),
})

const has = (values: readonly string[], wanted: string) => values.includes("*") || values.includes(wanted)

const pathMatches = (pattern: string, path: string) =>
  pattern === "*" || pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)))

function ruleAllows(rule: Rule, wanted: Attributes): boolean {
  if (!has(rule.verbs, wanted.verb)) return false
  if ("path" in wanted) return rule.nonResourceURLs.some((pattern) => pathMatches(pattern, wanted.path))
  if (!has(rule.apiGroups, wanted.group)) return false
  const { resource, subresource } = wanted
  const full = subresource === "" ? resource : `${resource}/${subresource}`
  const isNamed =
    has(rule.resources, full) || (subresource !== "" && rule.resources.includes(`*/${subresource}`))
  if (!isNamed) return false
  return rule.resourceNames.length === 0 || rule.resourceNames.includes(wanted.name)
}

function isSubject(subject: unknown, user: User, namespace: string): boolean {
  const name = textOf(at(subject, "name"))
  switch (textOf(at(subject, "kind"))) {
    case "User":
      return name === user.name
    case "Group":
      return user.groups.includes(name)
    case "ServiceAccount": {
      const account = accountOf(user.name)
      const wanted = textOf(at(subject, "namespace")) || namespace
      return account?.namespace === wanted && account.name === name
    }
    default:
      return false
  }
}

/** Decides by the Role, ClusterRole and binding objects of the cluster. */
export class Rbac {
  readonly #memory: Memory
  constructor(memory: Memory) {
    this.#memory = memory
  }

  #rulesOf(binding: KubeObject): { rules: Rule[]; role: string } {
    const kind = textOf(at(binding, "roleRef", "kind"))
    const name = textOf(at(binding, "roleRef", "name"))
    const namespace = kind === "Role" ? (binding.metadata.namespace ?? "") : ""
    const role = this.#memory.get(`${kind}.${group}`, namespace, name)
    return { rules: listOf(role?.["rules"]).map(ruleOf), role: `${kind} "${name}"` }
  }

  /** The rules that hold for a user cluster-wide and, when given, in a namespace, each with why. */
  *rulesFor(user: User, namespace: string): Generator<{ rule: Rule; why: string }> {
    const bindings = [
      ...this.#memory.list(`ClusterRoleBinding.${group}`),
      ...(namespace === ""
        ? []
        : this.#memory
            .list(`RoleBinding.${group}`)
            .filter((binding) => binding.metadata.namespace === namespace)),
    ]
    for (const binding of bindings) {
      const isBound = listOf(binding["subjects"]).some((subject) =>
        isSubject(subject, user, binding.metadata.namespace ?? ""),
      )
      if (!isBound) continue
      const { rules, role } = this.#rulesOf(binding)
      const kind = binding.metadata.namespace === undefined ? "ClusterRoleBinding" : "RoleBinding"
      const full =
        binding.metadata.namespace === undefined
          ? binding.metadata.name
          : `${binding.metadata.name}/${binding.metadata.namespace}`
      for (const rule of rules)
        yield { rule, why: `RBAC: allowed by ${kind} "${full}" of ${role} to ${user.name}` }
    }
  }

  decide(user: User, wanted: Attributes): Decision {
    if (user.groups.includes("system:masters")) return { allowed: true, reason: "" }
    const namespace = "path" in wanted ? "" : wanted.namespace
    for (const { rule, why } of this.rulesFor(user, namespace))
      if (ruleAllows(rule, wanted)) return { allowed: true, reason: why }
    return { allowed: false, reason: "" }
  }
}

/** The words of a refusal: who may not do what, where. */
export function refusal(user: User, wanted: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${wanted.verb}`
  if ("path" in wanted) return `${who} path ${JSON.stringify(wanted.path)}`
  const resource = wanted.subresource === "" ? wanted.resource : `${wanted.resource}/${wanted.subresource}`
  const where =
    wanted.namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(wanted.namespace)}`
  return `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(wanted.group)} ${where}`
}
