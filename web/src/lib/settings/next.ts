const fallback = "/overview"

/** Where to go after signing in: a path of this console and nothing else, so that a link cannot lead away. */
export function nextPath(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next) || /[\s\\]/.test(next) || next.startsWith("/sign-in"))
    return fallback
  return next
}

const key = "smm.next"
const rememberedMs = 30 * 60_000

/** A sign-in link opens in a tab of its own: where the person wanted to go is remembered for it, for half an hour. */
export function rememberNext(storage: Pick<Storage, "setItem">, next: string | null, now: number): void {
  if (nextPath(next) !== fallback) storage.setItem(key, JSON.stringify({ next, at: now }))
}

/** What was remembered, once. */
export function takeNext(storage: Pick<Storage, "getItem" | "removeItem">, now: number): string {
  const text = storage.getItem(key)
  storage.removeItem(key)
  try {
    const { next, at } = JSON.parse(text ?? "{}") as { next?: unknown; at?: unknown }
    return typeof next === "string" && typeof at === "number" && now - at < rememberedMs
      ? nextPath(next)
      : fallback
  } catch {
    return fallback
  }
}
