import { hostname } from "node:os"
import { createClient } from "#shared/api/client.ts"
import type { Session } from "#shared/api/session.ts"
import { serverAddress, tokenText } from "../context.ts"
import { UsageError } from "../exit.ts"
import type { Io } from "../io.ts"
import type { Add } from "./add.ts"

type Flags = { server?: string; token?: string }

/** The parts of a one-time link as `npm start` prints it; undefined when it is not one. */
function linkOf(text: string): { server: string; code: string } | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const code = url?.searchParams.get("code")
  return url && code ? { server: url.origin, code } : undefined
}

/** Spends a one-time link for an API token of this machine, so that no session is kept in a file. */
async function tokenOfLink(io: Io, { server, code }: { server: string; code: string }): Promise<string> {
  let cookie = ""
  const client = createClient({
    server,
    fetch: async (url, init) => {
      const answer = await io.fetch(url, {
        ...init,
        headers: { ...init.headers, origin: server, ...(cookie ? { cookie } : {}) },
      })
      cookie ||= (answer.headers.getSetCookie()[0] ?? "").split(";")[0] ?? ""
      return answer
    },
  })
  const { role } = await client.call("createSession", { body: { code } })
  const { secret } = await client.call("createToken", {
    body: { name: `smm on ${hostname()}`.slice(0, 63), role, expiresInDays: 90 },
  })
  await client.call("removeSession")
  return secret
}

async function credentialOf(
  io: Io,
  link: string | undefined,
  flags: Flags,
): Promise<{ server: string; token: string }> {
  if (link !== undefined) {
    const parts = linkOf(link)
    if (!parts)
      throw new UsageError(`"${link}" is not a sign-in link; write smm login --server URL --token TOKEN`)
    return { server: parts.server, token: await tokenOfLink(io, parts) }
  }
  const server = flags.server ?? io.env["SMM_SERVER"]
  const local = server === undefined ? io.readLocal() : null
  if (local) return { server: local.url, token: local.token }
  if (server === undefined)
    throw new UsageError(
      "no npm start of this checkout is running in .smm; write smm login LINK with the address that it printed, or smm login --server URL --token TOKEN",
    )
  const token = tokenText(
    flags.token ?? io.env["SMM_TOKEN"] ?? (io.isTerminal ? undefined : await io.readInput()),
  )
  if (!token)
    throw new UsageError(
      `no token for ${server}; make one in Settings, Tokens, and write --token smm_... or pipe it in`,
    )
  return { server: serverAddress(server), token }
}

const nameOf = (session: Session): string => session.user?.email ?? `token ${session.token?.name ?? ""}`

export function addLogin({ program, io }: Add): void {
  program
    .command("login")
    .argument(
      "[link]",
      "one-time sign-in link; without it: --server and --token, or the local server of this checkout",
    )
    .description("Store a sign-in (mode 0600) after trying it")
    .action(
      async (
        link: string | undefined,
        _options: unknown,
        command: { optsWithGlobals(): Flags & { org?: string } },
      ) => {
        const flags = command.optsWithGlobals()
        const { server, token } = await credentialOf(io, link, flags)
        const session = await createClient({ server, fetch: io.fetch, token }).call("getSession")
        io.config.write({ server, token, organizationId: session.organization.organizationId })
        io.err(
          `Signed in to ${server} as ${nameOf(session)} (${session.role} of ${session.organization.name})\n`,
        )
      },
    )
}
