import { Option } from "commander"
import type { FormControl, Intent } from "#shared/edit/intent.ts"
import type { ServiceName } from "#shared/edit/form.ts"
import { circuitBreakerFlags, clientTlsFlags, loadBalancingFlags } from "#shared/edit/line/control-flags.ts"
import { type FormFlag, writeFlags } from "#shared/edit/line/form-flag.ts"
import { carry } from "../../change/carry.ts"
import { type ChangeFlags, withChangeFlags } from "../../change/flags.ts"
import { formOf } from "../../change/form-file.ts"
import { saidIn, withFormFlags } from "../../change/form-options.ts"
import { intentOf } from "../../change/intent.ts"
import { merged, pathOf, without, withoutRivals } from "../../change/merge.ts"
import { type Where, clustersOfService, serviceOf } from "../../change/target.ts"
import type { Context } from "../../context.ts"
import { UsageError } from "../../exit.ts"
import { again } from "../../flag.ts"
import { tableText } from "../../output.ts"
import { type Add, signedIn } from "../add.ts"
import { addControlGet, readingOf } from "./reading.ts"
import { type ScopeFlags, scopeOf, withScope } from "./scope.ts"

type PolicyControl = Extract<FormControl, "circuit-breaker" | "load-balancing" | "client-tls">

/** A control that sets fields of a DestinationRule. */
type Policy = {
  control: PolicyControl
  table: readonly FormFlag[]
  words: string
  /** Fields of which there is one. */
  rivals: readonly (readonly string[])[]
  example: string
}

const policies: readonly Policy[] = [
  {
    control: "circuit-breaker",
    table: circuitBreakerFlags,
    words: "Connection pools and outlier detection: when a service is asked no more",
    rivals: [],
    example: "smm circuit-breaker set bookinfo/details --max-connections 10 --consecutive-5xx 3",
  },
  {
    control: "load-balancing",
    table: loadBalancingFlags,
    words: "How a host is chosen: algorithm, consistent hash, locality, warm-up",
    rivals: [
      ["simple", "consistentHash"],
      [
        "consistentHash.httpHeaderName",
        "consistentHash.httpQueryParameterName",
        "consistentHash.useSourceIp",
        "consistentHash.httpCookie",
      ],
      ["consistentHash.ringHash", "consistentHash.maglev"],
      ["locality.distribute", "locality.failover"],
    ],
    example: "smm load-balancing set bookinfo/reviews --hash-header x-user",
  },
  {
    control: "client-tls",
    table: clientTlsFlags,
    words: "How clients connect to a service: TLS of the DestinationRule",
    rivals: [],
    example: "smm client-tls set bookinfo/details --mode istio-mutual",
  },
]

type SetFlags = ChangeFlags & ScopeFlags & { file?: string; replace?: true; unset?: string[] }

function namesNothing(said: object, { file, unset }: SetFlags): boolean {
  return Object.keys(said).length === 0 && file === undefined && unset === undefined
}

/** What is there with what was said in its place. @throws UsageError for a flag that there is not */
function onTopOf(there: unknown, said: Record<string, unknown>, policy: Policy, unset: readonly string[]) {
  const form = (there ?? {}) as Record<string, unknown>
  const kept = unset.reduce(
    (left, name) => {
      const path = pathOf(policy.table, name)
      if (!path) throw new UsageError(`--unset "${name}": there is no such flag of smm ${policy.control} set`)
      return without(left, path)
    },
    withoutRivals(form, said, policy.rivals),
  )
  return merged(kept, said)
}

/** Clusters may have it set otherwise: what is kept would differ from one to the next. @throws UsageError */
function demandOne(clusters: readonly Where[]): Where {
  const [only, ...more] = clusters
  if (!only || more.length > 0)
    throw new UsageError(
      "what is set is kept where it is not named, and may differ by cluster; add --replace, or name one cluster",
    )
  return only
}

type Place = { service: ServiceName; clusters: readonly Where[] }

const intentWith = (policy: Policy, { service }: Place, flags: ScopeFlags, set: unknown): Intent =>
  intentOf(
    { control: policy.control, service, scope: scopeOf(flags), set } as Parameters<typeof intentOf>[0],
    policy.table,
  )

/** What the line says, before anything is asked. @throws UsageError */
function saidOf(policy: Policy, flags: SetFlags): Record<string, unknown> {
  const said = saidIn(policy.table, flags)
  scopeOf(flags)
  if (namesNothing(said, flags))
    throw new UsageError(`say what to set, as ${policy.example}, or give the whole with -f FILE`)
  return said
}

type Said = { policy: Policy; said: Record<string, unknown>; flags: SetFlags }

async function set(context: Context, place: Place, { policy, said, flags }: Said): Promise<number> {
  const whole = flags.file === undefined ? undefined : await formOf(context.io, flags.file, policy.control)
  const unset = flags.unset ?? []
  if (whole || flags.replace || policy.control === "client-tls") {
    const form = onTopOf(whole, said, policy, unset)
    return carry(context, { intent: intentWith(policy, place, flags, form), clusters: place.clusters }, flags)
  }
  const where = demandOne(place.clusters)
  const query = { namespace: place.service.namespace, service: place.service.name, ...scopeOf(flags) }
  const make = async (): Promise<Intent> => {
    const { form } = await readingOf(context, policy.control, where, query)
    return intentWith(policy, place, flags, onTopOf(form, said, policy, unset))
  }
  return carry(context, { intent: await make(), clusters: place.clusters, again: make }, flags)
}

const rowsOf = (policy: Policy, form: unknown): { flag: string; value: string }[] => {
  const words = writeFlags(policy.table, form)
  return words.flatMap((flag, i) => (i % 2 === 0 ? [{ flag, value: words[i + 1] ?? "" }] : []))
}

function addPolicy(add: Add, policy: Policy): void {
  const { control, table, words } = policy
  const group = add.program.command(control).description(words)
  const inside = { ...add, program: group }
  const text = ({ form }: { form?: unknown }): string =>
    tableText(
      rowsOf(policy, form),
      [
        { head: "FLAG", cell: ({ flag }) => flag },
        { head: "VALUE", cell: ({ value }) => value },
      ],
      false,
    )
  addControlGet(inside, control, { scoped: true, text })
  const command = withFormFlags(group.command("set").argument("<service>", "NAMESPACE/SERVICE"), table)
    .option("-f, --file <file>", "the whole, as get -o yaml prints it; - for standard input")
    .addOption(new Option("--unset <flag>", "take a field away: max-connections; repeated").argParser(again))
    .description(
      control === "client-tls"
        ? "Set it; what is not named is taken away"
        : "Set it; what is not named stays",
    )
    .addHelpText("after", `\n  ${policy.example}`)
  if (control !== "client-tls") command.option("--replace", "what is not named is taken away")
  withChangeFlags(withScope(command)).action(
    signedIn(inside, async (context, written: string, flags: SetFlags) => {
      const service = serviceOf(written)
      const said = saidOf(policy, flags)
      const clusters = await clustersOfService(context, service, flags.cluster)
      return set(context, { service, clusters }, { policy, said, flags })
    }),
  )
  withChangeFlags(withScope(group.command("delete").argument("<service>", "NAMESPACE/SERVICE")))
    .description("Take away what is set")
    .action(
      signedIn(inside, async (context, written: string, flags: ChangeFlags & ScopeFlags) => {
        const service = serviceOf(written)
        const clusters = await clustersOfService(context, service, flags.cluster)
        const intent = intentWith(policy, { service, clusters }, flags, null)
        return carry(context, { intent, clusters }, flags)
      }),
    )
}

export function addPolicies(add: Add): void {
  for (const policy of policies) addPolicy(add, policy)
}
