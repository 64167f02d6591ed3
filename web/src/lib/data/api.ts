import { type Client, createClient } from "#shared/api/client.ts"
import { AppError } from "#shared/error.ts"
import type { ObjectRef } from "#shared/kube/object.ts"

/** A client of the own server by the session's cookie, in this organization. `onSignedOut` is told when the session is over. */
export function createApi(organization: () => string | undefined, onSignedOut: () => void): Client {
  return {
    async call(name, ...input) {
      const organizationId = organization()
      const client = createClient({
        server: "",
        fetch: (url, init) => fetch(url, { ...init, credentials: "same-origin", cache: "no-store" }),
        ...(organizationId === undefined ? {} : { organizationId }),
      })
      try {
        return await client.call(name, ...input)
      } catch (error) {
        if (error instanceof AppError && (error.code === "auth.required" || error.code === "auth.expired"))
          onSignedOut()
        throw error
      }
    },
  }
}

/** What `getObject` is asked for one object. */
export const objectInput = (cluster: string, { kind, namespace, name }: ObjectRef) => ({
  params: { cluster, kind, name },
  query: namespace === "" ? {} : { namespace },
})

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
export const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : "internal")
