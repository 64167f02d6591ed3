import type { ActInstall } from "#shared/api/cluster.ts"

/** Who will write in a cluster, as it is typed. */
export type WhoDraft = { mode: ActInstall["mode"]; user: string; groups: string }

export const nobodyWrites: WhoDraft = { mode: "off", user: "", groups: "" }

export const whoChoices: readonly { mode: ActInstall["mode"]; title: string; text: string }[] = [
  { mode: "off", title: "Nobody yet", text: "The cluster's owner maps people later, in the cluster." },
  {
    mode: "mapped",
    title: "Each as a user of Kubernetes",
    text: "The agent acts as that user, and Kubernetes decides. It starts with you.",
  },
  {
    mode: "anonymous",
    title: "Everybody, as the agent (try-out)",
    text: "One account for all, marked on every page. Not for production.",
  },
]

const groupsOf = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .filter((group) => group !== "")
    .filter((group, at, all) => all.indexOf(group) === at)

/** Why nobody can be impersonated by that name; undefined when it can. */
export const subjectProblem = (name: string): string | undefined =>
  name.startsWith("system:")
    ? `${name} is Kubernetes' own and is never impersonated; name a user or group of yours`
    : undefined

export const groupsProblem = (text: string): string | undefined =>
  groupsOf(text)
    .map(subjectProblem)
    .find((problem) => problem !== undefined)

/** What to send; undefined while it lacks something. */
export function actOf({ mode, user, groups }: WhoDraft): ActInstall | undefined {
  if (mode !== "mapped") return { mode, users: [], groups: [] }
  const name = user.trim()
  if (name === "" || subjectProblem(name) !== undefined || groupsProblem(groups) !== undefined)
    return undefined
  return { mode, users: [name], groups: groupsOf(groups) }
}
