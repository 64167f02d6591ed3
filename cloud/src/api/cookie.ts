import type { Context } from "hono"
import { deleteCookie, getCookie, setCookie } from "hono/cookie"
import { AppError } from "#shared/error.ts"
import type { Cloud } from "../cloud.ts"

const isSecure = (cloud: Cloud): boolean => cloud.publicUrl.startsWith("https:")

/** Cookies do not tell ports apart: two local servers must not sign each other out. `__Host-` keeps subdomains from setting it. */
export const cookieName = (cloud: Cloud): string =>
  isSecure(cloud) ? "__Host-smm" : `smm_${new URL(cloud.publicUrl).port || "80"}`

const options = (cloud: Cloud) =>
  ({ path: "/", httpOnly: true, sameSite: "Strict", secure: isSecure(cloud) }) as const

export const readSessionCookie = (cloud: Cloud, c: Context): string | undefined =>
  getCookie(c, cookieName(cloud)) || undefined

export const setSessionCookie = (cloud: Cloud, c: Context, value: string, expiresAt: number): void => {
  setCookie(c, cookieName(cloud), value, { ...options(cloud), expires: new Date(expiresAt) })
}

export const removeSessionCookie = (cloud: Cloud, c: Context): void => {
  deleteCookie(c, cookieName(cloud), options(cloud))
}

/** A browser sends the cookie whoever made it ask: what changes something must come from our own pages. @throws AppError auth.origin */
export function demandOrigin(cloud: Cloud, c: Context): void {
  const origin = c.req.header("origin")
  if (origin === undefined || !cloud.origins.includes(origin))
    throw new AppError(
      "auth.origin",
      `requests that change something with a cookie must come from ${cloud.origins.join(" or ")}, not from ${origin ?? "a page without an Origin"}; scripts send Authorization: Bearer <API token>`,
    )
}
