import type { FindingItem } from "#shared/api/validation.ts"
import type { Edit } from "#shared/edit/edit.ts"
import { carry } from "../change/carry.ts"
import { type ChangeFlags, withChangeFlags } from "../change/flags.ts"
import { documentOf } from "../change/form-file.ts"
import { intentOf } from "../change/intent.ts"
import { type Where, clustersOrOnly } from "../change/target.ts"
import { type Context, clusterIds } from "../context.ts"
import { NotFoundError, UsageError } from "../exit.ts"
import { rulesNamed, spelled, unknownCode } from "../rule-names.ts"
import { objectName, refText } from "../validate/result.ts"
import { type Add, signedIn } from "./add.ts"

type Flags = ChangeFlags & { file?: string }

const placeOf = ({ clusterName, object, path }: FindingItem): string =>
  `${clusterName}: ${refText(object)}${path === "" ? "" : ` ${path}`}`

/** The one finding of a code that has a fix. @throws NotFoundError, UsageError with those that it may be */
async function findingOf(
  { client }: Context,
  { code, object }: { code: string; object: string | undefined },
  clusters: readonly string[],
): Promise<FindingItem> {
  const cluster = await clusterIds(client, clusters)
  const { items } = await client.call("listFindings", {
    query: { code: [code], suppressed: "true", limit: 2_000, ...(cluster ? { cluster } : {}) },
  })
  const at = items.filter((item) => object === undefined || objectName(item.object) === object)
  if (at.length === 0)
    throw new NotFoundError(`nothing of ${code} is found${object ? ` at "${object}"` : ""} now`)
  const found = at.filter(({ fix }) => fix !== null)
  const [only, ...more] = found
  if (!only) throw new NotFoundError(`${code} has no certain fix here; smm rules ${code} says what to do`)
  if (more.length > 0)
    throw new UsageError(
      `${found.length} findings of ${code} have a fix; say at which object (NAMESPACE/NAME) and --cluster: ${found.slice(0, 5).map(placeOf).join(", ")}`,
    )
  return only
}

type Found = { code: string; edits: readonly Edit[]; clusters: readonly Where[] }

async function foundBy(
  context: Context,
  code: string,
  object: string | undefined,
  flags: Flags,
): Promise<Found> {
  if (flags.file !== undefined) {
    const edits = (await documentOf(context.io, flags.file)) as Edit[]
    return { code, edits, clusters: await clustersOrOnly(context, flags.cluster) }
  }
  const { fix, cluster, clusterName } = await findingOf(context, { code, object }, flags.cluster)
  return { code, edits: (fix?.edits ?? []) as Edit[], clusters: [{ clusterId: cluster, name: clusterName }] }
}

export function addFix(add: Add): void {
  withChangeFlags(
    add.program
      .command("fix")
      .argument("<code>", "of the finding, as smm findings prints it")
      .argument("[object]", "NAMESPACE/NAME of its object, when there are several"),
  )
    .option("-f, --file <file>", "edits to make, in YAML or JSON; - for standard input")
    .description("Apply the fix that a finding carries")
    .addHelpText("after", "\n  smm fix virtualservice.subset_unknown bookinfo/reviews --dry-run")
    .action(
      signedIn(add, async (context, written: string, object: string | undefined, flags: Flags) => {
        const code = spelled(written)
        if (rulesNamed(code).length === 0) throw new NotFoundError(unknownCode(code))
        const { edits, clusters } = await foundBy(context, code, object, flags)
        const intent = intentOf({ control: "fix", code, edits: [...edits] } as Parameters<typeof intentOf>[0])
        return carry(context, { intent, clusters }, flags)
      }),
    )
}
