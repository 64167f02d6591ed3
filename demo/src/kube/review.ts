import { timestamp, type Clock } from "./clock.ts"
import { at, fieldsOf, isFields, listOf, textOf, textsOf, type Fields } from "./json.ts"
import type { Attributes, Rbac } from "./rbac.ts"
import { badRequest, invalid, notImplemented } from "./status.ts"
import type { Tokens } from "./token.ts"
import { userInfo, type User } from "./user.ts"

/** Kinds that are only ever posted: questions, answered in their status. */
export type ReviewKind = { group: string; kind: string; plural: string; namespaced: boolean }

export const reviewKinds: readonly ReviewKind[] = [
  { group: "authentication.k8s.io", kind: "TokenReview", plural: "tokenreviews", namespaced: false },
  {
    group: "authentication.k8s.io",
    kind: "SelfSubjectReview",
    plural: "selfsubjectreviews",
    namespaced: false,
  },
  {
    group: "authorization.k8s.io",
    kind: "SubjectAccessReview",
    plural: "subjectaccessreviews",
    namespaced: false,
  },
  {
    group: "authorization.k8s.io",
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
    namespaced: false,
  },
  {
    group: "authorization.k8s.io",
    kind: "SelfSubjectRulesReview",
    plural: "selfsubjectrulesreviews",
    namespaced: false,
  },
  {
    group: "authorization.k8s.io",
    kind: "LocalSubjectAccessReview",
    plural: "localsubjectaccessreviews",
    namespaced: true,
  },
]

export type ReviewContext = { user: User; rbac: Rbac; tokens: Tokens; clock: Clock }

const refuse = (field: string, rule: string) =>
  invalid({ group: "authorization.k8s.io", plural: "reviews", kind: "Review" }, "", [
    { reason: "FieldValueInvalid", message: `Invalid value: ${rule}`, field },
  ])

function attributesOf(spec: unknown): Attributes {
  const resource = at(spec, "resourceAttributes")
  const path = at(spec, "nonResourceAttributes")
  if (isFields(resource) === isFields(path))
    throw refuse("spec", "exactly one of nonResourceAttributes or resourceAttributes must be specified")
  if (isFields(path)) return { verb: textOf(path["verb"]), path: textOf(path["path"]) }
  const fields = fieldsOf(resource)
  return {
    verb: textOf(fields["verb"]),
    group: textOf(fields["group"]),
    resource: textOf(fields["resource"]),
    subresource: textOf(fields["subresource"]),
    namespace: textOf(fields["namespace"]),
    name: textOf(fields["name"]),
  }
}

function accessStatus(user: User, spec: unknown, rbac: Rbac): Fields {
  const { allowed, reason } = rbac.decide(user, attributesOf(spec))
  return { allowed, ...(reason === "" ? {} : { reason }) }
}

function subjectOf(spec: unknown): User {
  const name = textOf(at(spec, "user"))
  const groups = textsOf(at(spec, "groups"))
  if (name === "" && groups.length === 0)
    throw refuse("spec.user", "at least one of user or group must be specified")
  return { name, groups }
}

async function tokenStatus(spec: unknown, tokens: Tokens): Promise<Fields> {
  const asked = textsOf(at(spec, "audiences"))
  const token = textOf(at(spec, "token"))
  if (token === "") throw badRequest("token is required for TokenReview in authentication")
  const verified = asked.length > 0 ? await tokens.verify(token, asked) : await tokens.verify(token)
  if (!verified) return { user: {}, error: "invalid bearer token" }
  return { authenticated: true, user: userInfo(verified.user), audiences: verified.audiences }
}

function rulesStatus(user: User, spec: unknown, rbac: Rbac): Fields {
  const resourceRules: Fields[] = []
  const nonResourceRules: Fields[] = []
  for (const { rule } of rbac.rulesFor(user, textOf(at(spec, "namespace")))) {
    const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule
    if (nonResourceURLs.length > 0) nonResourceRules.push({ verbs, nonResourceURLs })
    else
      resourceRules.push({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames.length > 0 ? { resourceNames } : {}),
      })
  }
  return { resourceRules, nonResourceRules, incomplete: false }
}

/** Answers a review: the body with its status. @throws StatusError 400 */
export async function answerReview(
  kind: ReviewKind,
  version: string,
  body: Fields,
  context: ReviewContext,
): Promise<Fields> {
  const { user, rbac, tokens, clock } = context
  const spec = body["spec"]
  const answer = (status: Fields): Fields => ({
    kind: kind.kind,
    apiVersion: `${kind.group}/${version}`,
    metadata: { ...fieldsOf(body["metadata"]), creationTimestamp: null },
    spec: spec ?? {},
    status,
  })
  switch (kind.kind) {
    case "TokenReview":
      return answer(await tokenStatus(spec, tokens))
    case "SelfSubjectReview":
      return { ...answer({ userInfo: userInfo(user) }), metadata: { creationTimestamp: timestamp(clock) } }
    case "SubjectAccessReview":
    case "LocalSubjectAccessReview":
      return answer(accessStatus(subjectOf(spec), spec, rbac))
    case "SelfSubjectAccessReview":
      return answer(accessStatus(user, spec, rbac))
    case "SelfSubjectRulesReview":
      return answer(rulesStatus(user, spec, rbac))
    default:
      throw notImplemented(kind.kind)
  }
}

/** TokenRequest of a service account. @throws StatusError 404 */
export async function answerTokenRequest(
  account: { namespace: string; name: string },
  body: Fields,
  { tokens }: { tokens: Tokens },
): Promise<Fields> {
  const spec = fieldsOf(body["spec"])
  if (isFields(spec["boundObjectRef"])) throw notImplemented("tokens bound to an object (boundObjectRef)")
  const seconds = Number(spec["expirationSeconds"] ?? 3600)
  if (!(seconds >= 600))
    throw refuse("spec.expirationSeconds", "may not specify a duration less than 10 minutes")
  const { token, expires } = await tokens.issue(account, textsOf(spec["audiences"]), seconds)
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { ...account, creationTimestamp: null },
    spec: { ...spec, audiences: listOf(spec["audiences"]), expirationSeconds: seconds },
    status: { token, expirationTimestamp: new Date(expires * 1000).toISOString().replace(/\.\d+Z$/, "Z") },
  }
}
