import type { Resource } from "./resource.ts"
import type { Cause } from "./status.ts"

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const labelKinds = new Set(["Namespace", "Service"])

/** Why an object may not have this name; empty when it may. Roles may have nearly any name. */
export function nameCauses({ key, group }: Resource, name: string): Cause[] {
  const cause = (rule: string): Cause[] => [
    {
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(name)}: ${rule}`,
      field: "metadata.name",
    },
  ]
  if (group === "rbac.authorization.k8s.io")
    return name.includes("/") || name.includes("%") ? cause("may not contain '/' or '%'") : []
  if (labelKinds.has(key)) {
    const isLabel = name.length <= 63 && label.test(name)
    return isLabel
      ? []
      : cause(
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
        )
  }
  const isSubdomain = name.length <= 253 && subdomain.test(name)
  return isSubdomain
    ? []
    : cause(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      )
}
