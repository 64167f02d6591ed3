import type { AuditEvent } from "#test/real/kube/audit.ts"

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }
type Document = { kind: string; metadata: { name: string }; rules?: Rule[] }

/** What the roles of a manifest let a service account ask for. */
export const rulesOf = (documents: readonly unknown[]): Rule[] =>
  (documents as Document[])
    .filter(({ kind }) => kind === "ClusterRole" || kind === "Role")
    .flatMap(({ rules }) => rules ?? [])

/** Whether one of the rules says this very thing. */
export const isGiven = (rules: readonly Rule[], { verb, objectRef }: AuditEvent): boolean =>
  objectRef !== undefined &&
  objectRef.subresource === undefined &&
  rules.some(
    (rule) =>
      rule.apiGroups.includes(objectRef.apiGroup ?? "") &&
      rule.resources.includes(objectRef.resource) &&
      rule.verbs.includes(verb) &&
      (rule.resourceNames === undefined || rule.resourceNames.includes(objectRef.name ?? "")),
  )
