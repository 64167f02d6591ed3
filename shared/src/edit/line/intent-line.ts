import { yamlText } from "../../document/write.ts"
import type {
  FaultControlForm,
  Match,
  MirrorForm,
  MtlsForm,
  MtlsScope,
  PolicyScope,
  ShiftForm,
} from "../form.ts"
import type { Intent } from "../intent.ts"
import { plainObject } from "../plain.ts"
import { circuitBreakerFlags, clientTlsFlags, faultFlags, loadBalancingFlags } from "./control-flags.ts"
import { targetOf, targetText } from "./destination-text.ts"
import { type FormFlag, flagValues, readFlags, writeFlags } from "./form-flag.ts"
import { matchOf, matchText } from "./match-text.ts"
import { isSame } from "../same.ts"

/** A command of ours without the flags that every change takes: its words, and what it reads from standard input. */
export type IntentLine = { words: string[]; document: string | null }

type IntentOf<C extends Intent["control"]> = Extract<Intent, { control: C }>

/** What a text of one line can say; anything else goes as a document. */
const printable = /^[^\p{Cc}\p{Cs}]*$/u

/** @throws Error of a reader for words that say nothing */
function readsAs(form: unknown, words: readonly string[], read: () => unknown): boolean {
  try {
    return words.every((word) => printable.test(word)) && isSame(read(), form)
  } catch {
    return false
  }
}

const line = (...words: (string | string[])[]): IntentLine => ({ words: words.flat(), document: null })
const documentLine = (words: string[], form: unknown): IntentLine => ({
  words: [...words, "-f", "-"],
  document: yamlText(form),
})

const nameOf = ({ service }: { service: { namespace: string; name: string } }): string =>
  `${service.namespace}/${service.name}`

/** Words that say a form, when reading them gives that form; else the form as a document. */
function said(command: string[], form: unknown, words: string[] | null, read: () => unknown): IntentLine {
  return words !== null && readsAs(form, words, read) ? line(command, words) : documentLine(command, form)
}

const whichWords = ({ rule, match }: { rule?: number | undefined; match?: Match | undefined }): string[] => [
  ...(rule === undefined ? [] : ["--rule", String(rule)]),
  ...(match === undefined ? [] : ["-m", matchText(match)]),
]
const whichOf = ({ rule, match }: { rule?: number | undefined; match?: Match | undefined }) => ({
  ...(rule === undefined ? {} : { rule }),
  ...(match === undefined ? {} : { match: matchOf(matchText(match)) }),
})

const versionName = /^[A-Za-z0-9][\w.-]*$/

function shiftLine(command: string[], set: ShiftForm): IntentLine {
  const names = Object.keys(set.weights)
  const words = names.map((name) => `${name}=${set.weights[name] ?? 0}`)
  const fits = names.length > 0 && names.every((name) => versionName.test(name))
  return said(command, set, fits ? [...words, ...whichWords(set)] : null, () => ({
    ...whichOf(set),
    weights: set.weights,
  }))
}

function mirrorLine(command: string[], set: MirrorForm): IntentLine {
  const [only] = set.mirrors
  const words =
    set.mirrors.length === 1 && only
      ? [
          "--to",
          targetText({ destination: only.destination, share: undefined }),
          "--percent",
          String(only.percent),
        ]
      : set.mirrors.flatMap(({ destination, percent }) => [
          "--to",
          targetText({ destination, share: percent }),
        ])
  return said(command, set, [...words, ...whichWords(set)], () => ({
    ...whichOf(set),
    mirrors: set.mirrors.map(({ destination, percent }) => {
      const { destination: read, share } = targetOf(targetText({ destination, share: percent }))
      return { destination: read, percent: share }
    }),
  }))
}

function faultLine(command: string[], set: FaultControlForm): IntentLine {
  const { rule: _, match: __, ...fault } = set
  const flags = writeFlags(faultFlags, fault)
  const shares = new Set([fault.abort?.percent, fault.delay?.percent].filter((share) => share !== undefined))
  const [share] = shares
  const own = ["--abort-percent", "--delay-percent"]
  const words =
    shares.size === 1
      ? [...flags.filter((__, i) => !own.includes(flags[i - (i % 2)] ?? "")), ...["--percent", String(share)]]
      : flags
  const empty = fault.abort === undefined && fault.delay === undefined
  return said(command, set, empty ? null : [...words, ...whichWords(set)], () => ({
    ...whichOf(set),
    ...readFlags(faultFlags, flagValues(faultFlags, flags)),
  }))
}

const scopeWords = ({ subset, port }: PolicyScope): string[] => [
  ...(subset === undefined ? [] : ["--subset", subset]),
  ...(port === undefined ? [] : ["--port", String(port)]),
]

/** `--replace` where the flags alone would keep what is set and not named. */
function policyLine(
  intent: IntentOf<"circuit-breaker" | "load-balancing" | "client-tls">,
  table: readonly FormFlag[],
  more: string[],
): IntentLine {
  const scope = scopeWords(intent.scope)
  if (intent.set === null) return line(intent.control, "delete", nameOf(intent), scope)
  const command = [intent.control, "set", nameOf(intent), ...scope]
  const words = writeFlags(table, intent.set)
  return said(command, intent.set, words.length === 0 ? null : [...words, ...more], () =>
    readFlags(table, flagValues(table, words)),
  )
}

export const mtlsVerbs = {
  require: "STRICT",
  allow: "PERMISSIVE",
  disable: "DISABLE",
  unset: "UNSET",
} as const satisfies Record<string, MtlsForm["mode"]>
type MtlsVerb = keyof typeof mtlsVerbs

/** `mesh`, `NS`, `NS/SERVICE` or `NS/SERVICE:PORT`; a namespace that is called mesh is `mesh/`. */
export function mtlsScopeText({ namespace, service, port }: MtlsScope): string {
  if (namespace === undefined) return "mesh"
  if (service === undefined) return namespace === "mesh" ? "mesh/" : namespace
  return `${namespace}/${service}${port === undefined ? "" : `:${port}`}`
}

function mtlsLine({ scope, set }: IntentOf<"mtls">): IntentLine {
  const verb = (Object.keys(mtlsVerbs) as MtlsVerb[]).find((each) => mtlsVerbs[each] === set.mode) ?? "unset"
  return line("mtls", verb, mtlsScopeText(scope))
}

/** `KIND/NAMESPACE/NAME`, or `KIND/NAME` of a kind without namespaces. */
export const refText = ({
  kind,
  namespace,
  name,
}: {
  kind: string
  namespace: string
  name: string
}): string => [kind, ...(namespace === "" ? [] : [namespace]), name].join("/")

function objectsLine({ put, remove }: IntentOf<"objects">): IntentLine {
  const [only] = remove
  if (put.length === 0 && remove.length === 1 && only) {
    const { kind, namespace, name } = only
    return line("delete", kind, name, namespace === "" ? [] : ["-n", namespace])
  }
  const removes = remove.flatMap((ref) => ["--remove", refText(ref)])
  if (put.length === 0) return line("apply", removes)
  const documents = put.map((object) => yamlText(plainObject(object))).join("---\n")
  return { words: ["apply", ...removes, "-f", "-"], document: documents }
}

function routeLine(intent: IntentOf<"routing" | "shift" | "mirror" | "fault">): IntentLine {
  if (intent.set === null) return line(intent.control, "delete", nameOf(intent))
  const command = [intent.control, "set", nameOf(intent)]
  if (intent.control === "shift") return shiftLine(command, intent.set)
  if (intent.control === "mirror") return mirrorLine(command, intent.set)
  if (intent.control === "fault") return faultLine(command, intent.set)
  return documentLine(command, intent.set)
}

type Writers = { [C in Intent["control"]]: (intent: IntentOf<C>) => IntentLine }

const writers: Writers = {
  routing: routeLine,
  shift: routeLine,
  mirror: routeLine,
  fault: routeLine,
  "circuit-breaker": (intent) => policyLine(intent, circuitBreakerFlags, ["--replace"]),
  "load-balancing": (intent) => policyLine(intent, loadBalancingFlags, ["--replace"]),
  "client-tls": (intent) => policyLine(intent, clientTlsFlags, []),
  mtls: mtlsLine,
  objects: objectsLine,
  fix: ({ code, edits }) => documentLine(["fix", code], edits),
  undo: ({ changeId }) => line("undo", changeId),
}

/** The command that says an intent. */
export function intentLine(intent: Intent): IntentLine {
  // Each goes to the writer of its own control, which the compiler cannot follow through the table.
  const write = writers[intent.control] as (intent: Intent) => IntentLine
  return write(intent)
}
