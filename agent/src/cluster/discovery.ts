import type { KindSpec } from "#shared/kube/kinds.ts"
import { type KubeApi, KubeError } from "./api.ts"

type Group = { versions?: { version: string }[] }
type Resources = { resources?: { name: string; kind: string }[] }

async function optional<T>(api: KubeApi, path: string, signal: AbortSignal): Promise<T | undefined> {
  try {
    return (await api.json({ path, signal })) as T
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined
    throw error
  }
}

/** The version to read each kind of one group at; kinds that are not served are left out. @throws when the API server cannot be asked */
export async function servedKinds(
  api: KubeApi,
  group: string,
  specs: readonly KindSpec[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const served = new Map<string, string>()
  const found = await optional<Group>(api, `/apis/${group}`, signal)
  const offered = new Set(found?.versions?.map(({ version }) => version))
  const versions = [...new Set(specs.flatMap((spec) => spec.versions))].filter((version) =>
    offered.has(version),
  )
  const plurals = new Map<string, Set<string>>()
  for (const version of versions) {
    const list = await optional<Resources>(api, `/apis/${group}/${version}`, signal)
    plurals.set(version, new Set(list?.resources?.map(({ name }) => name)))
  }
  for (const spec of specs) {
    const version = spec.versions.find((candidate) => plurals.get(candidate)?.has(spec.plural))
    if (version !== undefined) served.set(spec.key, version)
  }
  return served
}
