import { yamlText } from "#shared/document/write.ts"
import { type Policy, policyPlace, type Who } from "#shared/act/policy.ts"
import type { ActInstall, WriteFamily } from "#shared/api/cluster.ts"
import { type Rule, writtenKinds } from "./rules.ts"

/** What the manifest says about writing: as whom, and what. */

/** All that the agent may impersonate, by name: never `*`, never anything of Kubernetes' own. */
export function impersonateRules({ users, groups }: Pick<ActInstall, "users" | "groups">): Rule[] {
  const rule = (resource: string, names: readonly string[]): Rule[] =>
    names.length === 0
      ? []
      : [
          {
            apiGroups: [""],
            resources: [resource],
            resourceNames: [...new Set(names)],
            verbs: ["impersonate"],
          },
        ]
  return [...rule("users", users), ...rule("groups", groups)]
}

/** What a cluster starts with: whoever adds it writes as the first user, in the families that were chosen. */
export function startingPolicy(act: ActInstall, write: readonly WriteFamily[], whom: readonly Who[]): Policy {
  const kinds = writtenKinds(write).map(({ key }) => key)
  const [user] = act.users
  return {
    mode: act.mode,
    identities:
      act.mode === "mapped" && user !== undefined
        ? whom.map((who) => ({ who, as: { user, groups: act.groups } }))
        : [],
    allow: kinds.length === 0 ? [] : [{ kinds, verbs: ["create", "patch", "delete"], namespaces: ["*"] }],
  }
}

const head = (mode: ActInstall["mode"]): string =>
  [
    "# Who writes through Service Mesh Manager, as whom, and what. The agent reads this and cannot change it;",
    "# the server can do neither. What may be here: docs/security.md.",
    ...(mode === "anonymous"
      ? ["# mode anonymous is for trying out: every member writes with the agent's own account."]
      : []),
    "",
  ].join("\n")

/** The document of the ConfigMap. */
export const policyText = (policy: Policy): string => `${head(policy.mode)}${yamlText(policy)}`

export const policyData = (policy: Policy): Record<string, string> => ({
  [policyPlace.key]: policyText(policy),
})
