import { Option } from "commander"
import { type ApiToken, Role } from "#shared/api/session.ts"
import { AppError } from "#shared/error.ts"
import { clusterIds } from "../context.ts"
import { UsageError } from "../exit.ts"
import { formatAge } from "#shared/format/time.ts"
import { type Column, documentText, isDocument, print } from "../output.ts"
import { type Add, collect, signedIn } from "./add.ts"

const columns = (now: number): Column<ApiToken>[] => [
  { head: "NAME", cell: ({ name }) => name },
  { head: "ROLE", cell: ({ role }) => role },
  { head: "CLUSTERS", cell: ({ clusters }) => (clusters === null ? "all" : String(clusters.length)) },
  {
    head: "EXPIRES",
    cell: ({ expiresAt }) => (expiresAt === null ? "never" : `in ${formatAge(expiresAt - now)}`),
  },
  {
    head: "LAST USED",
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : formatAge(now - lastUsedAt)),
  },
  { head: "BY", cell: ({ createdBy }) => createdBy, wide: true },
  { head: "ID", cell: ({ tokenId }) => tokenId, wide: true },
]

function daysOf(text: string): number | null {
  if (text === "never") return null
  const days = Number(text)
  if (!Number.isInteger(days) || days < 1 || days > 366)
    throw new UsageError(`--expires "${text}": wants days from 1 to 366, or never`)
  return days
}

type CreateFlags = { role: Role; cluster: string[]; namespace: string[]; expires: string }

export function addTokens(add: Add): void {
  const tokens = add.program.command("tokens").description("API tokens of the organization")
  tokens
    .command("list")
    .description("Tokens without their secrets")
    .action(
      signedIn(add, async ({ io, flags, client }) => {
        const answer = await client.call("listTokens")
        print(io, flags.output, answer, {
          rows: answer.items,
          columns: columns(io.now()),
          empty: "No tokens yet",
        })
        return undefined
      }),
    )
  tokens
    .command("create")
    .argument("<name>")
    .addOption(new Option("--role <role>", "what it may do").choices(Role.options).default("viewer"))
    .addOption(new Option("--cluster <name>", "only these clusters").default([]).argParser(collect))
    .addOption(
      new Option(
        "-n, --namespace <name>",
        "reads these where visibility is by namespace; team-a-* for several",
      )
        .default([])
        .argParser(collect),
    )
    .option("--expires <days>", "days from 1 to 366, or never", "90")
    .description("Make a token; its secret is printed once")
    .action(
      signedIn(add, async ({ io, flags, client }, name: string, options: CreateFlags) => {
        const clusters = await clusterIds(client, options.cluster)
        const made = await client.call("createToken", {
          body: {
            name,
            role: options.role,
            clusters: clusters ?? null,
            namespaces: options.namespace,
            expiresInDays: daysOf(options.expires),
          },
        })
        if (isDocument(flags.output)) io.out(documentText(flags.output, made))
        else io.out(`${made.secret}\n`)
        return undefined
      }),
    )
  tokens
    .command("remove")
    .argument("<name>", "name or id")
    .description("Remove a token; it stops working at once")
    .action(
      signedIn(add, async ({ io, client }, name: string) => {
        const { items } = await client.call("listTokens")
        const found = items.filter((token) => token.name === name || token.tokenId === name)
        const [token] = found
        if (!token) throw new AppError("token.not_found", `no token "${name}"`)
        if (found.length > 1)
          throw new UsageError(
            `${found.length} tokens are named "${name}"; write the id (smm tokens list -o wide)`,
          )
        await client.call("removeToken", { params: { token: token.tokenId } })
        io.err(`Removed ${token.name}\n`)
        return undefined
      }),
    )
}
