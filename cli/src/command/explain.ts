import type { SourceObject } from "#shared/document/read.ts"
import { type ExplainQuestion, Explainer, type Explanation } from "#shared/istio/explain.ts"
import { type Labels, type MeshSettings, defaultSettings } from "#shared/istio/mesh.ts"
import { indexMesh } from "#shared/istio/model.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { record, stringMap, text } from "#shared/topology/fact/read.ts"
import { meshConfigKind } from "#shared/validation/check.ts"
import { settingsOf } from "#shared/validation/engine/settings.ts"
import { wellFormed } from "#shared/validation/engine/input.ts"
import type { GlobalFlags } from "../context.ts"
import { UsageError, exitCode } from "../exit.ts"
import { again } from "../flag.ts"
import type { Io } from "../io.ts"
import { clean, documentText, isDocument } from "../output.ts"
import { textOf } from "../validate/files.ts"
import { meshDocumentAmong, meshDocumentOf } from "../validate/mesh-config.ts"
import { readFiles } from "../validate/read-files.ts"
import { tellReading } from "../validate/tell.ts"
import type { Add } from "./add.ts"

type Flags = {
  file: string[]
  requests?: string
  via?: string
  host?: string
  path: string
  method: string
  header: string[]
  port?: string
  meshConfig?: string
  clusterDomain?: string
  rootNamespace?: string
  istioNamespace: string
}

/**
 * What the mesh is set to. Where no configuration is given or among the objects, outbound traffic is taken as REGISTRY_ONLY: then what the mesh does
 * not know shows as an answer of its own, and the reason says that this is a guess.
 */
function settingsFor(
  io: Io,
  flags: Flags,
  objects: readonly SourceObject[],
): { settings: MeshSettings; known: boolean } {
  const base: MeshSettings = {
    ...defaultSettings,
    ...(flags.clusterDomain === undefined ? {} : { domain: flags.clusterDomain }),
    ...(flags.rootNamespace === undefined ? {} : { rootNamespace: flags.rootNamespace }),
  }
  const { meshConfig: file } = flags
  const found =
    file === undefined
      ? meshDocumentAmong(objects, meshConfigKind, flags.istioNamespace)
      : meshDocumentOf({ name: file, text: textOf(file) }, meshConfigKind, flags.istioNamespace)
  tellReading(io, found?.problems ?? [], [])
  if (found === undefined) return { settings: { ...base, outbound: "REGISTRY_ONLY" }, known: false }
  const settings = settingsOf(found.source.object["spec"], base)
  return {
    settings: { ...settings, rootNamespace: flags.rootNamespace ?? settings.rootNamespace },
    known: true,
  }
}

/** The objects of files, folders and standard input. @throws UsageError for what is not there */
async function readObjects(io: Io, paths: readonly string[]): Promise<SourceObject[]> {
  const { objects, problems, skipped } = await readFiles(paths, io.readInput)
  tellReading(io, problems, skipped)
  return objects
}

/** Labels of a workload's pods, for files that have no pods of it. */
function templateLabels(objects: readonly KubeObject[], namespace: string, name: string): Labels | undefined {
  const workload = objects.find(
    ({ metadata, ...rest }) =>
      metadata.namespace === namespace &&
      (metadata.name === name || name.startsWith(`${metadata.name}-`)) &&
      record(record(rest)["spec"])["template"] !== undefined,
  )
  if (workload === undefined) return undefined
  return stringMap(record(record(record(workload["spec"])["template"])["metadata"])["labels"])
}

async function explainerOf(io: Io, flags: Flags, trace: boolean): Promise<Explainer> {
  if (flags.file.length === 0) throw new UsageError("name the mesh's files: -f FILE, -f FOLDER or -f -")
  const sources = await readObjects(io, flags.file)
  const objects = sources.map(({ object }) => wellFormed(object)).filter((object) => object !== undefined)
  const { settings, known } = settingsFor(io, flags, sources)
  return new Explainer(indexMesh(objects, settings), {
    trace,
    outboundUnknown: !known,
    templateLabels: (namespace, name) => templateLabels(objects, namespace, name),
  })
}

const lowerCase = (headers: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record(headers)).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )

/** One line of `--requests`. @throws UsageError with the line */
function questionOf(line: string, where: string): ExplainQuestion {
  let written: unknown
  try {
    written = JSON.parse(line)
  } catch {
    throw new UsageError(`${where} is no JSON`)
  }
  const question = record(written)
  const { id, via, host, port } = question
  if (typeof via !== "string" || typeof host !== "string")
    throw new UsageError(`${where} needs "via" and "host"`)
  return {
    id: typeof id === "number" || typeof id === "string" ? id : null,
    via,
    host,
    port: typeof port === "number" ? port : 80,
    method: text(question["method"]) || "GET",
    path: text(question["path"]) || "/",
    headers: lowerCase(question["headers"]),
  }
}

/** `--via` and what goes with it. @throws UsageError */
function questionOfFlags(flags: Flags): ExplainQuestion {
  const { via, host, port = "80" } = flags
  if (via === undefined || host === undefined)
    throw new UsageError("say through which proxy and to which host: --via 'sidecar NS/POD' --host HOST")
  if (!/^\d{1,5}$/.test(port)) throw new UsageError(`port "${port}" is no number`)
  const headers = flags.header.map((header): [string, string] => {
    const at = header.search(/[=:]/)
    if (at < 1) throw new UsageError(`header "${header}" is none; write name=value`)
    return [header.slice(0, at).toLowerCase(), header.slice(at + 1).trim()]
  })
  const path = flags.path.startsWith("/") ? flags.path : `/${flags.path}`
  return {
    id: null,
    via,
    host,
    port: Number(port),
    method: flags.method.toUpperCase(),
    path,
    headers: Object.fromEntries(headers),
  }
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

const states: Record<Explanation["destinations"][number]["state"], (endpoints: number) => string> = {
  endpoints: (endpoints) => `${endpoints} ready`,
  no_endpoints: () => "nothing ready",
  no_cluster: () => "unknown to this proxy",
  outside: () => "outside of the mesh",
}

function outcomeOf({ virtualService, httpRoute, route, status }: Explanation): string {
  const held =
    virtualService === null ? httpRoute && `HTTPRoute ${httpRoute}` : `VirtualService ${virtualService}`
  const taken = held === undefined || route === null ? "no route" : `route ${route} of ${held}`
  return status === null ? taken : `${taken}; the proxy answers ${status} itself`
}

/** An explanation for people. */
export function explanationText(question: ExplainQuestion, explanation: Explanation): string {
  const lines = [
    `${question.method} ${question.host}${question.path} on port ${question.port} through ${question.via}`,
    `  ${outcomeOf(explanation)}`,
    ...explanation.destinations.map(
      ({ host, subset, port, share, state, endpoints }) =>
        `  -> ${host}${subset === "" ? "" : ` subset ${subset}`} port ${port}, ${percent(share)} (${states[state](endpoints)})`,
    ),
    "Because",
    ...explanation.reasons.map(({ text: why }) => `  - ${why}`),
  ]
  return `${lines.map(clean).join("\n")}\n`
}

async function explainMany(io: Io, flags: Flags, requests: string): Promise<void> {
  const lines = (requests === "-" ? await io.readInput() : textOf(requests)).split("\n")
  const questions = lines.flatMap((line, index) =>
    line.trim() === "" ? [] : [questionOf(line, `${requests}:${index + 1}`)],
  )
  const explainer = await explainerOf(io, flags, false)
  const answers = questions.map((question) => `${JSON.stringify(explainer.explain(question))}\n`)
  io.out(answers.join(""))
}

async function explainOne(io: Io, flags: Flags, format: GlobalFlags["output"]): Promise<void> {
  const question = questionOfFlags(flags)
  const explanation = (await explainerOf(io, flags, true)).explain(question)
  io.out(isDocument(format) ? documentText(format, explanation) : explanationText(question, explanation))
}

export function addExplain({ program, io, done }: Add): void {
  program
    .command("explain")
    .option("-f, --file <path>", "file, folder or - (stdin) with the mesh's objects; repeated", again, [])
    .option("--requests <file>", "many requests, one JSON object a line; one answer a line")
    .option("--via <proxy>", "'gateway NAMESPACE/POD' or 'sidecar NAMESPACE/POD'")
    .option("--host <host>", "the host that is asked for")
    .option("--path <path>", "path, with query", "/")
    .option("--method <method>", "method", "GET")
    .option("--header <name=value>", "a header", again, [])
    .option("--port <port>", "port of the service; at a gateway of the server (80)")
    .option("--mesh-config <file>", "MeshConfig, when no ConfigMap istio is among the files")
    .option("--cluster-domain <domain>", "domain of Services (cluster.local)")
    .option("--root-namespace <namespace>", "where mesh-wide policies are (istio-system)")
    .option("--istio-namespace <namespace>", "where istiod runs", "istio-system")
    .description("Which route takes a request, where it goes, and why; from files, without a server")
    .action(async (flags: Flags, command: { optsWithGlobals: () => GlobalFlags }) => {
      if (flags.requests === undefined) await explainOne(io, flags, command.optsWithGlobals().output)
      else if (flags.via === undefined && flags.host === undefined)
        await explainMany(io, flags, flags.requests)
      else throw new UsageError("give --requests, or --via and --host, not both")
      done(exitCode.ok)
    })
}
