import { type Command, Option } from "commander"
import type { ControlReading } from "#shared/api/change.ts"
import { type HttpRule, type Match, RoutingForm, type ServiceName } from "#shared/edit/form.ts"
import type { Intent } from "#shared/edit/intent.ts"
import { targetText } from "#shared/edit/line/destination-text.ts"
import { matchText } from "#shared/edit/line/match-text.ts"
import { isSame } from "#shared/edit/same.ts"
import { carry } from "../../change/carry.ts"
import { type ChangeFlags, withChangeFlags } from "../../change/flags.ts"
import { formOf } from "../../change/form-file.ts"
import { saidIn, withFormFlags } from "../../change/form-options.ts"
import { intentOf } from "../../change/intent.ts"
import { merged } from "../../change/merge.ts"
import { type Where, clustersOfService, serviceOf } from "../../change/target.ts"
import type { Context } from "../../context.ts"
import { NotFoundError, UsageError } from "../../exit.ts"
import { again } from "../../flag.ts"
import { tableText } from "../../output.ts"
import { type Add, signedIn } from "../add.ts"
import { addControlGet, readingOf } from "./reading.ts"
import { actionFlags, actionOf, ruleFlags } from "./rule-flags.ts"
import { type WhichFlags, matchHelp, matchesOf, numberOf, withWhich } from "./which.ts"

type RuleFlags = WhichFlags & { to?: string[]; at?: string; replace?: true }
type SetFlags = ChangeFlags & RuleFlags & { file?: string }

/** A match as it is said, without its place in the object. */
const spoken = ({ origin: _, ...match }: Match): Match => match

const sameMatches = (rule: HttpRule, matches: readonly Match[]): boolean =>
  isSame(rule.matches.map(spoken), matches)

/** The place of the rule that is meant; -1 when there is none yet. @throws NotFoundError, UsageError */
function placeOf(rules: readonly HttpRule[], flags: WhichFlags): number {
  if (flags.rule === undefined) return rules.findIndex((rule) => sameMatches(rule, matchesOf(flags)))
  const number = numberOf("--rule", flags.rule)
  if (number > rules.length)
    throw new NotFoundError(`there is no rule ${number}; there are ${rules.length} (smm routing get)`)
  return number - 1
}

/** What the flags say of a rule. */
type Said = { fields: Record<string, unknown>; action: HttpRule["action"] | undefined }

function saidOf(flags: RuleFlags): Said {
  const fields = saidIn(ruleFlags, flags)
  const action = actionOf(flags.to ?? [], saidIn(actionFlags, flags))
  if (Object.keys(fields).length === 0 && action === undefined)
    throw new UsageError(
      "say what the rule does, as --to v1, --timeout 5s or --redirect-uri /new, or give all rules with -f FILE",
    )
  return { fields, action }
}

const toService: HttpRule["action"] = { type: "route", destinations: [{ destination: {} }] }

/** The rule with what is said of it; what is not named stays, unless it is replaced. */
function edited(rule: HttpRule | undefined, flags: RuleFlags, { fields, action }: Said): HttpRule {
  // A rule found by its match keeps that as it was read: what the form cannot show stands there too.
  const isMatchNew = rule === undefined || (flags.rule !== undefined && flags.match !== undefined)
  const matches = isMatchNew ? matchesOf(flags) : rule.matches
  const kept = rule && !flags.replace ? rule : undefined
  const origin = rule?.origin === undefined ? {} : { origin: rule.origin }
  const base: HttpRule = {
    ...(kept ?? { ...origin, action: toService }),
    matches,
  }
  const result = merged(base, fields) as HttpRule
  return action === undefined ? result : { ...result, action }
}

const emptyForm: RoutingForm = { http: [] }

/** Requests that no rule takes would fail: the first rule comes with one behind it that takes the rest. */
const rest: HttpRule = { matches: [], action: toService }

/** A new rule with a match stands before the others, as it would never be asked behind them; one without behind them. */
function inserted(rules: readonly HttpRule[], rule: HttpRule, at: string | undefined): HttpRule[] {
  const all = rules.length === 0 && rule.matches.length > 0 ? [rest] : rules
  const place = at === undefined ? (rule.matches.length > 0 ? 0 : all.length) : numberOf("--at", at) - 1
  return [...all.slice(0, place), rule, ...all.slice(place)]
}

/** @throws UsageError */
function withRule(form: RoutingForm, flags: RuleFlags): RoutingForm {
  const said = saidOf(flags)
  const place = placeOf(form.http, flags)
  const rule = edited(form.http[place], flags, said)
  const others = form.http.filter((_, i) => i !== place)
  if (place < 0 || flags.at !== undefined) return { ...form, http: inserted(others, rule, flags.at) }
  return { ...form, http: form.http.map((each, i) => (i === place ? rule : each)) }
}

function withoutRule(form: RoutingForm, flags: WhichFlags): RoutingForm | null {
  const place = placeOf(form.http, flags)
  if (place < 0) throw new NotFoundError("no rule has this match; smm routing get lists them")
  const http = form.http.filter((_, i) => i !== place)
  const isEmpty = http.length + (form.tcp?.length ?? 0) + (form.tls?.length ?? 0) === 0
  return isEmpty ? null : { ...form, http }
}

type Place = { service: ServiceName; clusters: readonly Where[] }

/** Changes the routes that are there: rules may differ by cluster, so that one is named. */
async function edit(
  context: Context,
  { service, clusters }: Place,
  { flags, change }: { flags: ChangeFlags; change: (form: RoutingForm) => RoutingForm | null },
): Promise<number> {
  const [where, ...more] = clusters
  if (!where || more.length > 0)
    throw new UsageError("rules may differ by cluster; name one, or give all rules with -f FILE")
  const query = { namespace: service.namespace, service: service.name }
  const make = async (): Promise<Intent> => {
    const { form } = await readingOf(context, "routing", where, query)
    const there = form === null ? emptyForm : RoutingForm.parse(form)
    return intentOf({ control: "routing", service, set: change(there) }, ruleFlags)
  }
  return carry(context, { intent: await make(), clusters, again: make }, flags)
}

function destinationText({ action }: HttpRule): string {
  switch (action.type) {
    case "route":
      return action.destinations
        .map(({ destination, weight }) => {
          const target = targetText({ destination, share: undefined }) || "the service"
          return weight === undefined ? target : `${target} ${weight} %`
        })
        .join(", ")
    case "redirect":
      return `redirect to ${action.scheme ? `${action.scheme}://` : ""}${action.authority ?? ""}${action.uri ?? ""}`
    case "direct":
      return `answer ${action.status}`
    case "delegate":
      return `delegate to ${action.namespace}/${action.name}`
  }
}

/** What else a rule does, in a word each. */
function actionsText({ timeout, retries, rewrite, cors, headers, mirrors, fault }: HttpRule): string {
  const words = [
    timeout === undefined ? "" : `timeout ${timeout}`,
    retries ? `${retries.attempts} retries` : "",
    rewrite ? "rewrite" : "",
    cors ? "CORS" : "",
    headers ? "headers" : "",
    mirrors && mirrors.length > 0 ? "mirror" : "",
    fault ? "fault" : "",
  ]
  return words.filter((word) => word !== "").join(", ") || "-"
}

function text({ form, shadowed }: ControlReading): string {
  const { http } = RoutingForm.parse(form)
  const hidden = new Set(shadowed.map(({ rule }) => rule))
  return tableText(
    http.map((rule, i) => ({ rule, i })),
    [
      { head: "RULE", cell: ({ i }) => String(i + 1), right: true },
      { head: "MATCH", cell: ({ rule }) => rule.matches.map(matchText).join(" or ") || "everything" },
      { head: "DESTINATION", cell: ({ rule }) => destinationText(rule) },
      { head: "ACTIONS", cell: ({ rule }) => actionsText(rule) },
      { head: "REACHED", cell: ({ i }) => (hidden.has(i) ? "never" : "yes") },
    ],
    false,
  )
}

const help = `${matchHelp}

  smm routing set bookinfo/reviews -m header:end-user=jason --to v2
  smm routing set bookinfo/reviews --timeout 5s --retries 2 --per-try-timeout 1s
  smm routing set bookinfo/reviews --to v1=90 --to v2=10 -m uri:prefix=/beta
  smm routing get bookinfo/reviews -o yaml > rules.yaml; smm routing set bookinfo/reviews -f rules.yaml`

function setCommand(group: Command): Command {
  const command = withWhich(group.command("set").argument("<service>", "NAMESPACE/SERVICE"))
    .addOption(
      new Option(
        "--to <version>",
        "where it leads: v1, v1=80, or host=HOST,subset=SUBSET,port=PORT; repeated",
      ).argParser(again),
    )
    .option("--at <place>", "the rule's place among the others, from 1")
    .option("--replace", "what is not named is taken from the rule")
    .option("-f, --file <file>", "all rules, as get -o yaml prints them; - for standard input")
  return withChangeFlags(withFormFlags(withFormFlags(command, ruleFlags), actionFlags))
    .description(
      "Set one rule (the one that takes everything, unless --rule or -m says which), or all with -f",
    )
    .addHelpText("after", help)
}

export function addRouting(add: Add): void {
  const group = add.program
    .command("routing")
    .description("A service's routes: which requests go where, and what happens on the way")
  const inside = { ...add, program: group }
  addControlGet(inside, "routing", { scoped: false, text })
  setCommand(group).action(
    signedIn(inside, async (context, name: string, flags: SetFlags) => {
      const service = serviceOf(name)
      const place = { service, clusters: await clustersOfService(context, service, flags.cluster) }
      if (flags.file === undefined)
        return edit(context, place, { flags, change: (form) => withRule(form, flags) })
      const set = await formOf(context.io, flags.file, "routing")
      const intent = intentOf({ control: "routing", service, set: set as unknown as RoutingForm })
      return carry(context, { intent, clusters: place.clusters }, flags)
    }),
  )
  withChangeFlags(withWhich(group.command("delete").argument("<service>", "NAMESPACE/SERVICE")))
    .description("Take away all routes, or the rule that --rule or -m says")
    .action(
      signedIn(inside, async (context, name: string, flags: ChangeFlags & WhichFlags) => {
        const service = serviceOf(name)
        const place = { service, clusters: await clustersOfService(context, service, flags.cluster) }
        if (flags.rule !== undefined || flags.match !== undefined)
          return edit(context, place, { flags, change: (form) => withoutRule(form, flags) })
        const intent = intentOf({ control: "routing", service, set: null })
        return carry(context, { intent, clusters: place.clusters }, flags)
      }),
    )
}
