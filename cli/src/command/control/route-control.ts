import type { Command, Option } from "commander"
import type { Intent } from "#shared/edit/intent.ts"
import type { FormFlag } from "#shared/edit/line/form-flag.ts"
import { carry } from "../../change/carry.ts"
import { type ChangeFlags, withChangeFlags } from "../../change/flags.ts"
import { formOf } from "../../change/form-file.ts"
import { withFormFlags } from "../../change/form-options.ts"
import { intentOf } from "../../change/intent.ts"
import { clustersOfService, serviceOf } from "../../change/target.ts"
import type { Context } from "../../context.ts"
import { UsageError } from "../../exit.ts"
import { type Add, signedIn } from "../add.ts"
import { type ReadingText, addControlGet } from "./reading.ts"
import { type WhichFlags, matchHelp, withWhich } from "./which.ts"

/** How `set` says the form. */
export type RouteSet = {
  arguments?: readonly [syntax: string, words: string]
  flags?: readonly FormFlag[]
  options?: readonly Option[]
  /** @throws UsageError */
  read: (written: readonly string[], flags: WhichFlags) => object
  example: string
}

type RouteControl = {
  control: "shift" | "mirror" | "fault"
  words: string
  removes: string
  set: RouteSet
  text: ReadingText
}

type SetFlags = ChangeFlags & WhichFlags & { file?: string }

/** The command, and the flags of it that say the form. */
function setCommand(
  group: Command,
  { arguments: more, flags = [], options = [], example }: RouteSet,
): { command: Command; own: readonly Option[] } {
  const command = group.command("set").argument("<service>", "NAMESPACE/SERVICE")
  if (more) command.argument(...more)
  withFormFlags(command, flags)
  for (const option of options) command.addOption(option)
  const own = [...withWhich(command).options]
  withChangeFlags(
    command.option("-f, --file <file>", "the form, as get -o yaml prints it; - for standard input"),
  )
    .description("Set it; the rule that takes everything, unless --rule or -m says which")
    .addHelpText("after", `${matchHelp}\n\n  ${example}`)
  return { command, own }
}

/** The whole form stands in the file: what is said beside it would be lost. @throws UsageError */
function demandAlone(command: Command, written: readonly string[], own: readonly Option[]): void {
  const beside = own.find((option) => command.getOptionValueSource(option.attributeName()) === "cli")
  const said = beside?.long ?? written[0]
  if (said !== undefined) throw new UsageError(`-f gives the whole form; leave ${said} out`)
}

/** `get`, `set` and `delete` of a control of one rule of a service's routes. */
export function addRouteControl(add: Add, { control, words, removes, set, text }: RouteControl): void {
  const group = add.program.command(control).description(words)
  const inside = { ...add, program: group }
  addControlGet(inside, control, { scoped: false, text })
  const { command, own } = setCommand(group, set)
  const run = async (
    context: Context,
    { name, written, flags }: { name: string; written: readonly string[]; flags: SetFlags },
  ): Promise<number> => {
    const service = serviceOf(name)
    if (flags.file !== undefined) demandAlone(command, written, own)
    const form =
      flags.file === undefined ? set.read(written, flags) : await formOf(context.io, flags.file, control)
    const intent = intentOf({ control, service, set: form } as Intent, set.flags)
    const clusters = await clustersOfService(context, service, flags.cluster)
    return carry(context, { intent, clusters }, flags)
  }
  command.action(
    set.arguments
      ? signedIn(inside, (context, name: string, written: string[], flags: SetFlags) =>
          run(context, { name, written, flags }),
        )
      : signedIn(inside, (context, name: string, flags: SetFlags) =>
          run(context, { name, written: [], flags }),
        ),
  )
  withChangeFlags(group.command("delete").argument("<service>", "NAMESPACE/SERVICE"))
    .description(removes)
    .action(
      signedIn(inside, async (context, name: string, flags: ChangeFlags) => {
        const service = serviceOf(name)
        const clusters = await clustersOfService(context, service, flags.cluster)
        return carry(context, { intent: intentOf({ control, service, set: null }), clusters }, flags)
      }),
    )
}
