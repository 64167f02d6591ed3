import { type Command, Option } from "commander"
import type { ChangePreview } from "#shared/api/change.ts"
import type { Intent } from "#shared/edit/intent.ts"
import { AppError } from "#shared/error.ts"
import { type ObjectRef, refOf } from "#shared/kube/object.ts"
import { carry } from "../change/carry.ts"
import { type ChangeFlags, clusterOption, withChangeFlags } from "../change/flags.ts"
import { intentOf } from "../change/intent.ts"
import { manifestOf } from "../change/manifest.ts"
import { diffText } from "../change/preview-text.ts"
import { type Where, clustersOfObject, clustersOrOnly } from "../change/target.ts"
import type { Context } from "../context.ts"
import { UsageError, exitCode } from "../exit.ts"
import { again } from "../flag.ts"
import { kindNamed } from "../kind-named.ts"
import { documentText, isDocument } from "../output.ts"
import { paintFor } from "../validate/table.ts"
import { type Add, signedIn } from "./add.ts"

type FileFlags = { file?: string[]; namespace?: string; remove?: string[] }

const withFiles = (command: Command): Command =>
  command
    .addOption(new Option("-f, --file <path>", "file, folder or - (stdin); repeated").argParser(again))
    .option("-n, --namespace <name>", "namespace of the objects that say none")

/** `KIND/NAMESPACE/NAME`, or `KIND/NAME` of a kind that is in no namespace. @throws UsageError */
export function refOfText(text: string): ObjectRef {
  const [kindName = "", ...names] = text.split("/")
  const kind = kindNamed(kindName)
  const wanted = kind.namespaced ? 2 : 1
  if (names.length !== wanted || names.includes(""))
    throw new UsageError(`--remove "${text}": wants ${kind.namespaced ? "KIND/NAMESPACE/NAME" : "KIND/NAME"}`)
  const [name = "", namespace = ""] = names.toReversed()
  return { kind: kind.key, namespace, name }
}

async function objectsIntent(
  { io }: Context,
  { file = [], namespace, remove = [] }: FileFlags,
): Promise<Intent> {
  const put = file.length > 0 || remove.length === 0 ? await manifestOf(io, file, namespace) : []
  return intentOf({ control: "objects", put, remove: remove.map(refOfText) })
}

function addApply(add: Add): void {
  withChangeFlags(
    withFiles(add.program.command("apply")).addOption(
      new Option("--remove <object>", "and remove this: KIND/NAMESPACE/NAME; repeated").argParser(again),
    ),
    "where, when there are several; repeated",
  )
    .description("Make Istio and Gateway API objects what files say; labels and annotations are added")
    .addHelpText("after", "\n  smm apply -f change.yaml\n  kustomize build | smm apply -f - --yes -o json")
    .action(
      signedIn(add, async (context, flags: ChangeFlags & FileFlags) => {
        const intent = await objectsIntent(context, flags)
        return carry(context, { intent, clusters: await clustersOrOnly(context, flags.cluster) }, flags)
      }),
    )
}

const isDifferent = ({ steps }: ChangePreview): boolean => steps.length > 0

async function printDiff(
  context: Context,
  intent: Intent,
  clusters: readonly Where[],
): Promise<ChangePreview> {
  const { io, flags, client } = context
  const preview = await client.call("previewChange", {
    body: { intent, clusters: clusters.map(({ clusterId }) => clusterId), via: "cli" },
    query: { check: "false" },
  })
  const [refused] = preview.refused
  if (refused) throw new AppError("input.invalid", `${refused.clusterName}: ${refused.message}`)
  if (isDocument(flags.output)) io.out(documentText(flags.output, preview))
  else if (isDifferent(preview)) io.out(`${diffText(preview, paintFor(io, "out")).join("\n")}\n`)
  else io.err("No difference\n")
  return preview
}

function addDiff(add: Add): void {
  withFiles(add.program.command("diff"))
    .addOption(clusterOption("where, when there are several; repeated"))
    .option("--exit-code", "exit 1 when there is a difference")
    .description("What smm apply would change, as a unified diff; changes nothing")
    .action(
      signedIn(add, async (context, flags: FileFlags & { cluster: string[]; exitCode?: true }) => {
        const intent = await objectsIntent(context, flags)
        const preview = await printDiff(context, intent, await clustersOrOnly(context, flags.cluster))
        return flags.exitCode && isDifferent(preview) ? exitCode.negative : exitCode.ok
      }),
    )
}

/** What is named on the line. @throws UsageError */
function refNamed(kindName: string, name: string | undefined, namespace: string | undefined): ObjectRef {
  const kind = kindNamed(kindName)
  if (name === undefined)
    throw new UsageError(
      `say which ${kind.kind}: smm delete ${kindName} NAME${kind.namespaced ? " -n NAMESPACE" : ""}`,
    )
  if (kind.namespaced && namespace === undefined)
    throw new UsageError(`say in which namespace: smm delete ${kindName} ${name} -n NAMESPACE`)
  return { kind: kind.key, namespace: kind.namespaced ? (namespace ?? "") : "", name }
}

type Named = { kind: string | undefined; name: string | undefined }

async function removal(context: Context, { kind, name }: Named, flags: ChangeFlags & FileFlags) {
  const { file = [], namespace } = flags
  if ((kind === undefined) === (file.length === 0))
    throw new UsageError("say what goes: smm delete KIND NAME -n NAMESPACE, or smm delete -f FILE")
  if (kind === undefined) {
    const objects = await manifestOf(context.io, file, namespace)
    return { remove: objects.map(refOf), clusters: await clustersOrOnly(context, flags.cluster) }
  }
  const ref = refNamed(kind, name, namespace)
  return { remove: [ref], clusters: await clustersOfObject(context, ref, flags.cluster) }
}

function addDelete(add: Add): void {
  withChangeFlags(
    withFiles(
      add.program.command("delete").argument("[kind]", "kind, plural or short name").argument("[name]"),
    ),
  )
    .description("Remove Istio and Gateway API objects, named or those of files")
    .addHelpText("after", "\n  smm delete virtualservice reviews -n bookinfo\n  smm delete -f change.yaml")
    .action(
      signedIn(
        add,
        async (
          context,
          kind: string | undefined,
          name: string | undefined,
          flags: ChangeFlags & FileFlags,
        ) => {
          const { remove, clusters } = await removal(context, { kind, name }, flags)
          return carry(context, { intent: intentOf({ control: "objects", remove }), clusters }, flags)
        },
      ),
    )
}

/** `apply`, `diff` and `delete` of plain objects. */
export function addObjects(add: Add): void {
  addApply(add)
  addDiff(add)
  addDelete(add)
}
