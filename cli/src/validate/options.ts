import { type Level, levels } from "#shared/validation/finding.ts"
import type { Suppression } from "#shared/validation/suppression.ts"
import { UsageError } from "../exit.ts"

export const outputs = ["table", "json", "sarif", "junit"] as const
export type Output = (typeof outputs)[number]

/** What `smm validate` was asked. */
export type ValidateOptions = {
  /** Files and folders without a cluster's name; `-` is standard input. */
  files: string[]
  /** Files and folders by cluster. */
  clusters: Map<string, string[]>
  meshConfig: string | undefined
  meshNetworks: string | undefined
  clusterDomain: string | undefined
  rootNamespace: string | undefined
  istioNamespace: string
  against: string | undefined
  suppressions: Suppression[]
  failOn: Level
  schemaOnly: boolean
  output: Output
}

/** Flags as commander reads them. */
export type ValidateFlags = {
  file?: string[]
  cluster?: string[]
  meshConfig?: string
  meshNetworks?: string
  clusterDomain?: string
  rootNamespace?: string
  istioNamespace: string
  against?: string
  suppress?: string[]
  failOn: Level
  schemaOnly?: true
  output?: string
}

/** `CODE=GLOB`; without a glob it holds everywhere. */
function suppressionOf(written: string): Suppression {
  const at = written.indexOf("=")
  const code = (at === -1 ? written : written.slice(0, at)).trim()
  if (code === "")
    throw new UsageError(`--suppress "${written}": write CODE=GLOB, as IST0101="VirtualService *.shop"`)
  return { code, object: at === -1 ? "" : written.slice(at + 1).trim(), until: null, by: "option" }
}

function clustersOf(written: readonly string[]): Map<string, string[]> {
  const clusters = new Map<string, string[]>()
  for (const each of written) {
    const at = each.indexOf("=")
    if (at < 1 || at === each.length - 1)
      throw new UsageError(`--cluster "${each}": write NAME=FILE or NAME=FOLDER`)
    const name = each.slice(0, at)
    clusters.set(name, [...(clusters.get(name) ?? []), each.slice(at + 1)])
  }
  return clusters
}

function outputOf(written: string | undefined): Output {
  const output = written === "wide" || written === undefined ? "table" : written
  const known = outputs.find((each) => each === output)
  if (known) return known
  throw new UsageError(`-o ${output}: smm validate prints ${outputs.join(", ")}`)
}

/** @throws UsageError */
export function optionsOf(flags: ValidateFlags): ValidateOptions {
  const { file: files = [] } = flags
  const clusters = clustersOf(flags.cluster ?? [])
  if (files.length === 0 && clusters.size === 0)
    throw new UsageError("nothing to validate; write -f FILE, -f FOLDER, or -f - for standard input")
  if (flags.against !== undefined && (clusters.size > 0 || files.length === 0))
    throw new UsageError("--against compares the files of -f with one cluster; leave --cluster out")
  if ([...files, ...[...clusters.values()].flat()].includes(""))
    throw new UsageError("-f is empty; write -f FILE, -f FOLDER, or -f - for standard input")
  const stdin = [...files, ...[...clusters.values()].flat()].filter((path) => path === "-")
  if (stdin.length > 1) throw new UsageError("standard input can be read once; write - once")
  return {
    files,
    clusters,
    meshConfig: flags.meshConfig,
    meshNetworks: flags.meshNetworks,
    clusterDomain: flags.clusterDomain,
    rootNamespace: flags.rootNamespace,
    istioNamespace: flags.istioNamespace,
    against: flags.against,
    suppressions: (flags.suppress ?? []).map(suppressionOf),
    failOn: flags.failOn,
    schemaOnly: flags.schemaOnly === true,
    output: outputOf(flags.output),
  }
}

/** Whether a level is at or above another. */
export const isAtLeast = (level: Level, least: Level): boolean =>
  levels.indexOf(level) <= levels.indexOf(least)
