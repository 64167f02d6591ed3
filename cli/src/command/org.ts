import { Argument, type Command } from "commander"
import type { Member } from "#shared/api/session.ts"
import { AppError } from "#shared/error.ts"
import { type Column, documentText, isDocument, print } from "../output.ts"
import { type Add, signedIn } from "./add.ts"

type Organizations = { name: string; role: string; organizationId: string }

const organizationColumns = (current: string): Column<Organizations>[] => [
  { head: "", cell: ({ organizationId }) => (organizationId === current ? "*" : " ") },
  { head: "NAME", cell: ({ name }) => name },
  { head: "ROLE", cell: ({ role }) => role },
  { head: "ID", cell: ({ organizationId }) => organizationId, wide: true },
]

const memberColumns: Column<Member>[] = [
  { head: "EMAIL", cell: ({ email }) => email },
  { head: "NAME", cell: ({ name }) => name },
  { head: "ROLE", cell: ({ role }) => role },
  { head: "NAMESPACES", cell: ({ namespaces }) => namespaces.join(",") || "-", wide: true },
  { head: "ID", cell: ({ userId }) => userId, wide: true },
]

export function addOrganization(add: Add): void {
  const org = add.program.command("org").description("The organization")
  org
    .command("list")
    .description("Your organizations")
    .action(
      signedIn(add, async ({ io, flags, client }) => {
        const { organizations, organization } = await client.call("getSession")
        print(
          io,
          flags.output,
          { items: organizations },
          {
            rows: organizations,
            columns: organizationColumns(organization.organizationId),
            empty: "No organizations",
          },
        )
        return undefined
      }),
    )
  org
    .command("use")
    .argument("<name>", "name or id")
    .description("Make another of your organizations the one that commands ask")
    .action(
      signedIn(add, async ({ io, client, server }, name: string) => {
        const { organizations } = await client.call("getSession")
        const found = organizations.find((one) => one.name === name || one.organizationId === name)
        if (!found) throw new AppError("organization.not_found", `no organization "${name}" among yours`)
        const stored = io.config.read()
        io.config.write({ ...stored, server, organizationId: found.organizationId })
        io.err(`Using ${found.name}\n`)
        return undefined
      }),
    )
  org
    .command("rename")
    .argument("<name>", "lower case letters, digits and -")
    .description("Rename the organization")
    .action(
      signedIn(add, async ({ io, flags, client }, name: string) => {
        const renamed = await client.call("updateOrganization", { body: { name } })
        if (isDocument(flags.output)) io.out(documentText(flags.output, renamed))
        else io.err(`Renamed to ${renamed.name}\n`)
        return undefined
      }),
    )
  org
    .command("members")
    .description("Members and their roles")
    .action(
      signedIn(add, async ({ io, flags, client }) => {
        const answer = await client.call("listMembers")
        print(io, flags.output, answer, { rows: answer.items, columns: memberColumns, empty: "No members" })
        return undefined
      }),
    )
  addVisibility(add, org)
}

const visibilities = ["open", "by-namespace"] as const

/** Who reads which namespaces. */
function addVisibility(add: Add, org: Command): void {
  org
    .command("visibility")
    .addArgument(new Argument("<visibility>", "who reads what").choices(visibilities))
    .description("open: everybody reads all. by-namespace: operators and viewers read what they were given")
    .action(
      signedIn(add, async ({ io, client }, visibility: (typeof visibilities)[number]) => {
        const { name } = await client.call("updateOrganization", { body: { visibility } })
        io.err(`${name} is ${visibility} now\n`)
        return undefined
      }),
    )
  org
    .command("give")
    .argument("<email>", "a member")
    .argument("[namespaces...]", "names, team-a-* or *; none takes all away")
    .description("Which namespaces a member reads where visibility is by-namespace")
    .action(
      signedIn(add, async ({ io, client }, email: string, namespaces: string[]) => {
        const { items } = await client.call("listMembers")
        const member = items.find((one) => one.email === email.toLowerCase())
        if (!member)
          throw new AppError("member.not_found", `no member "${email}"; smm org members lists them`)
        await client.call("updateMember", { params: { user: member.userId }, body: { namespaces } })
        io.err(`${member.email} reads ${namespaces.join(", ") || "no namespace"} now\n`)
        return undefined
      }),
    )
}
