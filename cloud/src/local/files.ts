import { createHash } from "node:crypto"
import { readFile, stat } from "node:fs/promises"
import { extname, join, normalize, sep } from "node:path"
import type { Context } from "hono"

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
  ".map": "application/json; charset=utf-8",
}

const encodings = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const

const isFile = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )

/** Inline scripts of a page, by hash: SvelteKit starts the console with one. */
const scriptHashes = (html: string): string[] =>
  [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script = ""]) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`,
  )

/** Only our own scripts run; the graph is laid out in a worker; styles may be set on elements. */
const policyOf = (html: string, socketUrl: string): string =>
  [
    "default-src 'self'",
    `script-src 'self' ${scriptHashes(html).join(" ")}`.trim(),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self' ${socketUrl}`,
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ")

const secure = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
}

const missing = (text: string): Response =>
  new Response(text, { status: 404, headers: { "content-type": "text/plain; charset=utf-8", ...secure } })

/** Whether the browser takes this coding: named, and not with q=0. */
const accepts = (header: string, coding: string): boolean =>
  header.split(",").some((part) => {
    const [name, ...parameters] = part.trim().split(";")
    return name?.trim() === coding && !parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter))
  })

/** The file itself, or its compressed twin when the browser takes it. */
async function variantOf(
  path: string,
  accept: string,
): Promise<{ body: Buffer<ArrayBuffer>; encoding: string | undefined }> {
  for (const [coding, suffix] of encodings)
    if (accepts(accept, coding) && (await isFile(path + suffix)))
      return { body: await readFile(path + suffix), encoding: coding }
  return { body: await readFile(path), encoding: undefined }
}

/** The path below `folder`; undefined for one that leads outside of it. */
function pathBelow(folder: string, pathname: string): string | undefined {
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch {
    return undefined
  }
  if (decoded.includes("\0")) return undefined
  const path = normalize(join(folder, decoded))
  return path === folder || path.startsWith(folder + sep) ? path : undefined
}

/** Serves the console's static build: hashed files for a year, the rest checked each time, every unknown page as the application itself. */
export function createFiles(folder: string, socketUrl: string): (c: Context) => Promise<Response> {
  const root = normalize(folder).replace(/[/\\]$/, "")

  async function fallback(): Promise<string | undefined> {
    for (const name of ["200.html", "index.html"]) if (await isFile(join(root, name))) return join(root, name)
    return undefined
  }

  async function find(pathname: string): Promise<string | undefined> {
    const path = pathBelow(root, pathname)
    if (path === undefined) return undefined
    if (path !== root && (await isFile(path))) return path
    // A file that is missing is missing; a page is a state of the application.
    if (extname(path) !== "" && pathname.startsWith("/_app/")) return undefined
    return fallback()
  }

  return async (c) => {
    const pathname = new URL(c.req.url).pathname
    const path = await find(pathname)
    if (path === undefined)
      return missing(
        (await fallback()) ? `no file ${pathname}\n` : `the console is not built: npm run build:web\n`,
      )
    const isHtml = extname(path) === ".html"
    const { body, encoding } = await variantOf(path, c.req.header("accept-encoding") ?? "")
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`
    const headers: Record<string, string> = {
      ...secure,
      etag,
      vary: "Accept-Encoding",
      "cache-control": pathname.startsWith("/_app/immutable/")
        ? "public, max-age=31536000, immutable"
        : "no-cache",
      ...(isHtml ? { "content-security-policy": policyOf(await readFile(path, "utf8"), socketUrl) } : {}),
    }
    if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers })
    return new Response(c.req.method === "HEAD" ? null : body, {
      headers: {
        ...headers,
        "content-type": types[extname(path)] ?? "application/octet-stream",
        "content-length": String(body.length),
        ...(encoding === undefined ? {} : { "content-encoding": encoding }),
      },
    })
  }
}
