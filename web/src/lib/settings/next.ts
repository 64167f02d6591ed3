/** Where to go after signing in: a path of this console and nothing else, so that a link cannot lead away. */
export function nextPath(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next) || /[\s\\]/.test(next) || next.startsWith("/sign-in"))
    return "/overview"
  return next
}
