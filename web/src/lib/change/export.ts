import type { Change } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"

/** An export is read by people and other programs: it has an end. */
const mostChanges = 10_000

/** All changes that are wanted, newest first, read page by page. */
export async function allChanges(api: Client, wants: (change: Change) => boolean): Promise<Change[]> {
  const found: Change[] = []
  let cursor: string | null = null
  do {
    const page: { items: Change[]; cursor: string | null } = await api.call("listChanges", {
      query: { limit: 500, ...(cursor === null ? {} : { cursor }) },
    })
    found.push(...page.items.filter(wants))
    cursor = page.cursor
  } while (cursor !== null && found.length < mostChanges)
  return found
}
