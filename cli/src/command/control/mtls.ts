import type { Command } from "commander"
import type { ControlReading } from "#shared/api/change.ts"
import type { MtlsForm, MtlsScope } from "#shared/edit/form.ts"
import { mtlsVerbs } from "#shared/edit/line/intent-line.ts"
import { isKubernetesName } from "#shared/kube/object.ts"
import { carry } from "../../change/carry.ts"
import { type ChangeFlags, clusterOption, withChangeFlags } from "../../change/flags.ts"
import { intentOf } from "../../change/intent.ts"
import { type Where, clustersOfNamespace, clustersOfService, clustersOrOnly } from "../../change/target.ts"
import type { Context } from "../../context.ts"
import { UsageError } from "../../exit.ts"
import { tableText } from "../../output.ts"
import { refText } from "../../validate/result.ts"
import { type Add, signedIn } from "../add.ts"
import { printReadings } from "./reading.ts"
import { portOf } from "./scope.ts"

const wants = "write mesh, NAMESPACE, NAMESPACE/SERVICE or NAMESPACE/SERVICE:PORT"

/** `mesh`, `NS`, `NS/SERVICE`, `NS/SERVICE:PORT`; `mesh/` is the namespace of that name. @throws UsageError */
export function mtlsScopeOf(text: string): MtlsScope {
  if (text === "mesh") return {}
  const [, namespace = "", service = "", port] = /^([^/:]+)(?:\/([^/:]*)(?::(.+))?)?$/.exec(text) ?? []
  if (!isKubernetesName(namespace)) throw new UsageError(`"${text}" is no scope; ${wants}`)
  if (service === "" && port === undefined) return { namespace }
  if (!isKubernetesName(service)) throw new UsageError(`"${text}" is no scope; ${wants}`)
  return { namespace, service, ...(port === undefined ? {} : { port: portOf("port", port) }) }
}

function clustersOf(
  context: Context,
  { namespace, service }: MtlsScope,
  named: readonly string[],
): Promise<Where[]> {
  if (namespace === undefined) return clustersOrOnly(context, named)
  if (service === undefined) return clustersOfNamespace(context, namespace, named)
  return clustersOfService(context, { namespace, name: service }, named)
}

const modes = {
  STRICT: "required: only mutual TLS is taken",
  PERMISSIVE: "allowed: mutual TLS and plain text are taken",
  DISABLE: "disabled: plain text",
  UNSET: "unset: as the level above says",
} as const satisfies Record<MtlsForm["mode"], string>

const verbWords = {
  require: "Take only mutual TLS",
  allow: "Take mutual TLS and plain text",
  disable: "Take plain text only",
  unset: "Leave it to the level above: port, service, namespace, mesh",
} as const satisfies Record<keyof typeof mtlsVerbs, string>

/** What counts, and what each level says, the closest first. */
function text({ form, mtls }: ControlReading): string {
  const own = (form as MtlsForm | null)?.mode ?? "UNSET"
  if (!mtls) return `${own}\t${modes[own]}\n`
  const levels = tableText(
    mtls.levels,
    [
      { head: "LEVEL", cell: ({ level }) => level },
      { head: "MODE", cell: ({ mode }) => mode },
      {
        head: "SAID BY",
        cell: ({ object }) => (object ? refText(object) : "-"),
      },
    ],
    false,
  )
  const { effective, message } = mtls
  return `${effective}: ${modes[effective].replace(/^.*?: /, "")}; ${message}\n\n${levels}`.replaceAll(
    /(?!\n)\p{Cc}/gu,
    "?",
  )
}

const scopeArgument = (command: Command): Command =>
  command.argument("<scope>", "mesh, NAMESPACE, NAMESPACE/SERVICE or NAMESPACE/SERVICE:PORT")

function addVerb(add: Add, verb: keyof typeof mtlsVerbs): void {
  const command = scopeArgument(add.program.command(verb)).description(verbWords[verb])
  if (verb === "unset") command.alias("delete")
  withChangeFlags(command).action(
    signedIn(add, async (context, written: string, flags: ChangeFlags) => {
      const scope = mtlsScopeOf(written)
      const intent = intentOf({ control: "mtls", scope, set: { mode: mtlsVerbs[verb] } })
      return carry(context, { intent, clusters: await clustersOf(context, scope, flags.cluster) }, flags)
    }),
  )
}

function addSet(add: Add): void {
  withChangeFlags(
    scopeArgument(add.program.command("set")).argument("<verb>", "require, allow, disable or unset"),
  )
    .description("The same with the verb behind: smm mtls set bookinfo require")
    .action(
      signedIn(add, async (context, written: string, verb: string, flags: ChangeFlags) => {
        const scope = mtlsScopeOf(written)
        const mode = Object.entries(mtlsVerbs).find(([name]) => name === verb)?.[1]
        if (mode === undefined)
          throw new UsageError(`"${verb}" is not one of ${Object.keys(mtlsVerbs).join(", ")}`)
        const intent = intentOf({ control: "mtls", scope, set: { mode } })
        return carry(context, { intent, clusters: await clustersOf(context, scope, flags.cluster) }, flags)
      }),
    )
}

const help = `
  smm mtls require bookinfo --dry-run
  smm mtls allow bookinfo/reviews:9080
  smm mtls get mesh`

export function addMtls(add: Add): void {
  const group = add.program
    .command("mtls")
    .description("Whether workloads take only mutual TLS: of the mesh, a namespace, a service, a port")
    .addHelpText("after", help)
  const inside = { ...add, program: group }
  scopeArgument(group.command("get"))
    .addOption(clusterOption("where, when several have it; repeated"))
    .description("What holds, and where it is said")
    .action(
      signedIn(inside, async (context, written: string, flags: { cluster: string[] }) => {
        const scope = mtlsScopeOf(written)
        const clusters = await clustersOf(context, scope, flags.cluster)
        await printReadings(context, { control: "mtls", clusters, query: scope }, text)
        return undefined
      }),
    )
  addSet(inside)
  for (const verb of Object.keys(mtlsVerbs) as (keyof typeof mtlsVerbs)[]) addVerb(inside, verb)
}
