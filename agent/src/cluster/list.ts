import { type KubeApi, KubeError } from "./api.ts"
import { seenKey } from "./cache.ts"
import type { RawObject } from "./projection.ts"
import type { Sink, Source } from "./reflector.ts"

type Page = {
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number }
  items: RawObject[] | null
}

/** Lists whose pages expire under way so often are asked for in one piece. */
const maxExpired = 3

export const acceptOf = ({ namesOnly }: Source, shape: "List" | ""): string =>
  namesOnly
    ? `application/json;as=PartialObjectMetadata${shape};g=meta.k8s.io;v=v1,application/json`
    : "application/json"

/** Puts every object of a collection, page by page, and tells which they were, and at which version. @throws KubeError or a connection's error */
export async function listAll(
  api: KubeApi,
  source: Source,
  sink: Pick<Sink, "put" | "expect">,
  signal: AbortSignal,
): Promise<{ seen: Set<string>; version: string }> {
  let seen = new Set<string>()
  let next = ""
  let expired = 0
  for (;;) {
    const query = new URLSearchParams()
    if (expired < maxExpired) query.set("limit", String(source.pageSize))
    if (next !== "") query.set("continue", next)
    let page: Page
    try {
      const path = `${source.path}?${query}`
      page = (await api.json({ path, accept: acceptOf(source, "List"), signal })) as Page
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 410 || next === "") throw error
      expired += 1
      next = ""
      seen = new Set()
      continue
    }
    for (const item of page.items ?? []) {
      seen.add(seenKey(String(item.metadata["namespace"] ?? ""), String(item.metadata["name"])))
      sink.put(item)
    }
    sink.expect(seen.size + (page.metadata.remainingItemCount ?? 0))
    next = page.metadata.continue ?? ""
    if (next === "") return { seen, version: page.metadata.resourceVersion ?? "" }
  }
}
