/** Who makes a request. */
export type User = { name: string; uid?: string; groups: string[]; extra?: Record<string, string[]> }

export const authenticated = "system:authenticated"

export const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] }

export const accountPrefix = "system:serviceaccount:"

/** Namespace and name of a service account's user name, or undefined. */
export function accountOf(userName: string): { namespace: string; name: string } | undefined {
  if (!userName.startsWith(accountPrefix)) return undefined
  const [namespace, name, ...more] = userName.slice(accountPrefix.length).split(":")
  return namespace && name && more.length === 0 ? { namespace, name } : undefined
}

/** The groups every service account of a namespace is in. */
export const accountGroups = (namespace: string): string[] => [
  "system:serviceaccounts",
  `system:serviceaccounts:${namespace}`,
]

/** As reviews show a user. */
export const userInfo = ({ name, uid, groups, extra }: User) => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra ? { extra } : {}),
})
