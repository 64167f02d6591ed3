import type { IncomingMessage } from "node:http"
import { refusal, type Attributes, type Rbac } from "./rbac.ts"
import { badRequest, forbidden, unauthorized } from "./status.ts"
import type { Tokens } from "./token.ts"
import { accountGroups, accountOf, anonymous, authenticated, type User } from "./user.ts"

/** Who sends the request, before impersonation. @throws StatusError 401 for a token that is not good */
export async function authenticate(
  request: IncomingMessage,
  tokens: Tokens,
  urlToken: string | undefined,
): Promise<User> {
  const header = request.headers.authorization
  if (header === undefined && urlToken === undefined) return anonymous
  const [, token] = header === undefined ? [header, urlToken] : (/^Bearer (\S+)$/i.exec(header) ?? [])
  const verified = token === undefined ? undefined : await tokens.verify(token)
  if (!verified) throw unauthorized()
  return verified.user
}

const extraPrefix = "impersonate-extra-"

type Wish = { group: string; resource: string; subresource: string; namespace: string; name: string }

const wish = (resource: string, name: string, more: Partial<Wish> = {}): Wish => ({
  group: "",
  subresource: "",
  namespace: "",
  ...more,
  resource,
  name,
})

type Requested = { name: string; groups: string[]; uid: string | undefined; extra: Record<string, string[]> }

/** What the `Impersonate-*` headers ask for; undefined without any. @throws StatusError 400 when they name no user */
function requested(request: IncomingMessage): Requested | undefined {
  const headers = request.headersDistinct
  const [name = ""] = headers["impersonate-user"] ?? []
  const groups = headers["impersonate-group"] ?? []
  const [uid] = headers["impersonate-uid"] ?? []
  const extra: Record<string, string[]> = {}
  for (const [header, values] of Object.entries(headers))
    if (header.startsWith(extraPrefix) && values)
      extra[decodeURIComponent(header.slice(extraPrefix.length))] = values
  if (name !== "") return { name, groups, uid, extra }
  if (groups.length > 0 || uid !== undefined || Object.keys(extra).length > 0)
    throw badRequest("requested impersonation of groups, a uid or extra without impersonating a user")
  return undefined
}

const authentication = "authentication.k8s.io"

function wishesOf({ name, groups, uid, extra }: Requested): Wish[] {
  const account = accountOf(name)
  return [
    account ? wish("serviceaccounts", account.name, { namespace: account.namespace }) : wish("users", name),
    ...groups.map((group) => wish("groups", group)),
    ...(uid === undefined ? [] : [wish("uids", uid, { group: authentication })]),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => wish("userextras", value, { group: authentication, subresource: key })),
    ),
  ]
}

/**
 * The user that the request speaks for: `Impersonate-User`, any number of `Impersonate-Group`, `Impersonate-Uid`,
 * `Impersonate-Extra-*`. Each part is a right of its own. @throws StatusError 403, 400
 */
export function impersonate(request: IncomingMessage, user: User, rbac: Rbac): User {
  const asked = requested(request)
  if (!asked) return user
  for (const wanted of wishesOf(asked)) {
    const attributes: Attributes = { verb: "impersonate", ...wanted }
    if (!rbac.decide(user, attributes).allowed)
      throw forbidden(
        { group: wanted.group, plural: wanted.resource },
        wanted.name,
        refusal(user, attributes),
      )
  }
  const { name, uid, extra } = asked
  const account = accountOf(name)
  const groups = asked.groups.length === 0 && account ? accountGroups(account.namespace) : asked.groups
  const isComplete = name === anonymous.name || groups.includes(authenticated)
  return {
    name,
    ...(uid === undefined ? {} : { uid }),
    groups: isComplete ? [...groups] : [...groups, authenticated],
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  }
}
