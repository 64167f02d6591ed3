const key = "smm.validation.looked"

/** When the reader looked at the page before this visit, ms; notes that he looks now. */
export function lookedBefore(
  storage: Pick<Storage, "getItem" | "setItem">,
  organization: string,
  now: number,
): number | undefined {
  const own = `${key}.${organization}`
  try {
    const before = Number(storage.getItem(own)) || undefined
    storage.setItem(own, String(now))
    return before
  } catch {
    // A browser that keeps nothing knows of no earlier visit.
    return undefined
  }
}
