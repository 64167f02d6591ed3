import { carry } from "../change/carry.ts"
import { type ChangeFlags, assertionOf, withChangeFlags } from "../change/flags.ts"
import { intentOf } from "../change/intent.ts"
import { clustersNamed } from "../change/target.ts"
import { Id } from "#shared/id.ts"
import { UsageError } from "../exit.ts"
import { type Add, signedIn } from "./add.ts"

/** @throws UsageError */
export function changeIdOf(text: string): string {
  if (!Id.change.safeParse(text).success)
    throw new UsageError(`"${text}" is no change; smm history lists their ids (chg_...)`)
  return text
}

export function addUndo(add: Add): void {
  withChangeFlags(
    add.program.command("undo").argument("<change>", "id, as set and smm history print it"),
    "only there; else wherever the change went",
  )
    .description("Take a change back, on what is there now; what others changed since stays")
    .action(
      signedIn(add, async (context, written: string, flags: ChangeFlags) => {
        const intent = intentOf({ control: "undo", changeId: changeIdOf(written) })
        return carry(context, { intent, clusters: await clustersNamed(context, flags.cluster) }, flags)
      }),
    )
  add.program
    .command("release")
    .argument("<change>", "id of a change with --undo-if or --expires")
    .option("--assertion-file <file>", "your own signed token, where a cluster demands one (SMM_ASSERTION)")
    .description("Let go of a change's guard and expiry; what it did stays")
    .action(
      signedIn(add, async ({ io, client }, written: string, flags: { assertionFile?: string }) => {
        const { title } = await client.call("releaseChange", {
          params: { change: changeIdOf(written) },
          body: { assertion: assertionOf(io, flags) },
        })
        io.err(`${title}: it stays, and is not watched any more\n`)
        return undefined
      }),
    )
}
