import type { OutgoingHttpHeaders } from "node:http"
import type { KubeIdentity } from "#shared/act/policy.ts"

/** Node writes header values as Latin-1; Kubernetes reads their bytes as UTF-8. */
const bytesOf = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

const isControl = (text: string): boolean => /\p{Cc}/u.test(text)

/** @throws Error for what Kubernetes would read as somebody else, or that nobody may ever be */
function checked(name: string): string {
  if (name === "" || name !== name.trim() || isControl(name))
    throw new Error(
      `${JSON.stringify(name)} cannot be impersonated: a user or group has no spaces around it and no control characters`,
    )
  if (name.startsWith("system:"))
    throw new Error(`${JSON.stringify(name)} is Kubernetes' own (system:) and is never impersonated`)
  return bytesOf(name)
}

/** The headers that make Kubernetes decide as this identity. @throws Error for a name that is no safe header */
export const impersonation = ({ user, groups }: KubeIdentity): OutgoingHttpHeaders => ({
  "impersonate-user": checked(user),
  ...(groups.length === 0 ? {} : { "impersonate-group": groups.map(checked) }),
})
