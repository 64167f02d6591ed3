import type { KubeObject } from "../../../kube/object.ts"
import { refOf } from "../../../kube/object.ts"
import { type Json, record, strings, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, index, meshConfigKind } from "../../check.ts"
import { pointerOf } from "../../path.ts"
import { rule } from "../../rule.ts"
import { authorizationPolicy, workloadEntry } from "./kinds.ts"
import { eachText, fromsOf, namespaceOf, rulesOf, sourceOf, sourcePath, specOf, valuePath } from "./policy.ts"
import { meant } from "./sentence.ts"
import { patternMatches } from "./value-pattern.ts"

const precedence = "https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source"

export const namespaceUnknown = rule({
  code: "authorizationpolicy.namespace_unknown",
  aliases: ["IST0101", "KIA0101"],
  level: "warning",
  title: "Source namespace does not exist",
  effect: "No caller can come from it, so this value never matches",
  remedy: "Correct the name, or create the namespace",
  source: precedence,
})

export const accountUnknown = rule({
  code: "authorizationpolicy.service_account_unknown",
  aliases: ["KIA0106"],
  level: "warning",
  title: "Source names a service account that does not exist",
  effect: "No caller can have this identity, so this value never matches",
  remedy: "Correct the name, or create the service account",
  source: precedence,
})

export const accountRemote = rule({
  code: "authorizationpolicy.service_account_remote",
  aliases: ["KIA0107"],
  level: "info",
  title: "Source names a service account of another cluster",
  effect: "Only callers from that cluster match",
  remedy: "Nothing, if that is meant",
  source: precedence,
})

export const trustDomainForeign = rule({
  code: "authorizationpolicy.trust_domain_foreign",
  aliases: ["KIA0108"],
  level: "info",
  title: "Principal is of another trust domain",
  effect: "It matches only callers whose certificates a federated authority signed",
  remedy: "Use the mesh's own trust domain, or add this one to trustDomainAliases in MeshConfig",
  source: precedence,
})

export const principalMalformed = rule({
  code: "authorizationpolicy.principal_malformed",
  aliases: [],
  level: "error",
  title: "Principal can match no identity",
  effect:
    "Istio compares identities without their scheme, and reads * only at an end, so this value never matches",
  remedy: "Write it as trust-domain/ns/NAMESPACE/sa/ACCOUNT, with * at the start or the end only",
  source: precedence,
})

/** Namespaces by a constant: the list of all is read only to compare patterns. */
const namesOf = (objects: readonly KubeObject[]): string[] => objects.map(({ metadata }) => metadata.name)

const isPattern = (value: string): boolean => value.startsWith("*") || value.endsWith("*")

function namespaceExists(view: View, pattern: string): boolean {
  if (pattern === "*" || pattern === "") return true
  return isPattern(pattern)
    ? view.all("Namespace").some(({ metadata }) => patternMatches(pattern, metadata.name))
    : view.get("Namespace", "", pattern) !== undefined
}

const existsAnywhere = (view: View, pattern: string): boolean =>
  namespaceExists(view, pattern) || view.others.some((other) => namespaceExists(other, pattern))

function checkNamespaces(source: Json, field: string, path: string, view: View, report: Report): void {
  eachText(source[field], (value, at) => {
    if (existsAnywhere(view, value)) return
    report(namespaceUnknown, {
      path: valuePath(path, field, at),
      message: isPattern(value)
        ? `no namespace matches ${value}`
        : `there is no namespace ${value}${meant(value, namesOf(view.all("Namespace")))}`,
    })
  })
}

/** Pods and workload entries by the account they run as: an account in use exists, whatever else may be listed. */
export const podsByAccount = index({
  name: "security/pods-by-account",
  kind: "Pod",
  keysOf: (object) => [
    `${object.metadata.namespace ?? ""}/${text(record(object["spec"])["serviceAccountName"]) || "default"}`,
  ],
})
const entriesByAccount = index({
  name: "security/entries-by-account",
  kind: workloadEntry,
  keysOf: (object) => [
    `${object.metadata.namespace ?? ""}/${text(record(object["spec"])["serviceAccount"]) || "default"}`,
  ],
})

function accountExists(view: View, namespace: string, name: string): boolean {
  if (name === "default" && view.get("Namespace", "", namespace) !== undefined) return true
  return (
    view.get("ServiceAccount", namespace, name) !== undefined ||
    view.find(podsByAccount, `${namespace}/${name}`).length > 0 ||
    view.find(entriesByAccount, `${namespace}/${name}`).length > 0
  )
}

function accountsLike(view: View, namespace: string, pattern: string): boolean {
  if (!isPattern(pattern)) return accountExists(view, namespace, pattern)
  if (pattern === "*") return namespaceExists(view, namespace)
  return (
    view
      .inNamespace("ServiceAccount", namespace)
      .some(({ metadata }) => patternMatches(pattern, metadata.name)) ||
    (view.mesh.instances.get(namespace) ?? []).some(({ serviceAccount }) =>
      patternMatches(pattern, serviceAccount),
    )
  )
}

type Place = { path: string; report: Report; view: View; source: KubeObject }

function checkAccount(namespace: string, name: string, { path, report, view }: Place): void {
  if (accountsLike(view, namespace, name)) return
  const other = view.others.find((candidate) => accountsLike(candidate, namespace, name))
  if (other !== undefined)
    report(accountRemote, {
      path,
      message: `service account ${name} of ${namespace} exists only in cluster ${other.cluster}`,
    })
  else
    report(accountUnknown, {
      path,
      message: existsAnywhere(view, namespace)
        ? `there is no service account ${name} in ${namespace}${meant(name, namesOf(view.inNamespace("ServiceAccount", namespace)))}`
        : `there is no namespace ${namespace}, so no service account ${name} in it`,
    })
}

function trustDomains(view: View): readonly string[] {
  const own = [view.settings.trustDomain, "cluster.local"]
  for (const config of view.all(meshConfigKind))
    own.push(...strings(record(config["spec"])["trustDomainAliases"]))
  return own
}

const identity = /^([^/]*)\/ns\/([^/]+)\/sa\/(.+)$/

function malformed(principal: string, place: Place, why: string, better?: string): void {
  place.report(principalMalformed, {
    path: place.path,
    message: better === undefined ? `${principal} ${why}` : `${principal} ${why}; ${better} would`,
    ...(better === undefined
      ? {}
      : {
          fix: {
            title: `Write ${better}`,
            edits: [
              {
                object: refOf(place.source),
                patch: [{ op: "replace" as const, path: pointerOf(place.path), value: better }],
              },
            ],
          },
        }),
  })
}

function checkPrincipal(principal: string, place: Place): void {
  if (principal === "*" || principal === "") return
  if (principal.startsWith("spiffe://"))
    return malformed(principal, place, "starts with a scheme and matches nobody", principal.slice(9))
  const inner = principal.indexOf("*", 1)
  if (inner > 0 && inner < principal.length - 1)
    return malformed(principal, place, "has a * inside, which stands for itself there")
  const [, domain, namespace, name] = identity.exec(principal) ?? []
  // Identities of other issuers have any form; only Istio's own can be looked up.
  if (domain === undefined || namespace === undefined || name === undefined) return
  if (domain !== "*" && !trustDomains(place.view).includes(domain)) {
    if (!domain.startsWith("*"))
      place.report(trustDomainForeign, {
        path: place.path,
        message: `trust domain ${domain} is not that of the mesh (${place.view.settings.trustDomain}), nor an alias of it`,
      })
    return
  }
  checkAccount(namespace, name, place)
}

function checkAccounts(policy: KubeObject, source: Json, path: string, view: View, report: Report): void {
  for (const field of ["principals", "notPrincipals"])
    eachText(source[field], (value, at) =>
      checkPrincipal(value, { path: valuePath(path, field, at), report, view, source: policy }),
    )
  for (const field of ["serviceAccounts", "notServiceAccounts"])
    eachText(source[field], (value, at) => {
      const slash = value.indexOf("/")
      const [namespace, name] =
        slash < 0 ? [namespaceOf(policy), value] : [value.slice(0, slash), value.slice(slash + 1)]
      if (name !== "" && !namespace.includes("*"))
        checkAccount(namespace, name, { path: valuePath(path, field, at), report, view, source: policy })
    })
}

function eachSource(policy: KubeObject, visit: (source: Json, path: string) => void): void {
  rulesOf(specOf(policy)).forEach((item, at) =>
    fromsOf(record(item)).forEach((from, position) => {
      visit(sourceOf(from), sourcePath(at, position))
    }),
  )
}

export const namespaces = check({
  name: "authorizationpolicy/source_namespaces",
  subject: authorizationPolicy,
  reads: ["Namespace"],
  needs: ["Namespace"],
  rules: [namespaceUnknown],
  run: (policy, view, report) => {
    eachSource(policy, (source, path) => {
      checkNamespaces(source, "namespaces", path, view, report)
      checkNamespaces(source, "notNamespaces", path, view, report)
    })
  },
})

export const accounts = check({
  name: "authorizationpolicy/source_accounts",
  subject: authorizationPolicy,
  reads: ["Namespace", "ServiceAccount", "Pod", workloadEntry, meshConfigKind],
  needs: ["ServiceAccount"],
  rules: [accountUnknown, accountRemote, trustDomainForeign, principalMalformed],
  run: (policy, view, report) => {
    eachSource(policy, (source, path) => {
      checkAccounts(policy, source, path, view, report)
    })
  },
})

export const sourceRules = [
  namespaceUnknown,
  accountUnknown,
  accountRemote,
  trustDomainForeign,
  principalMalformed,
] as const
