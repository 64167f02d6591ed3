import { request } from "node:https"
import { createInterface } from "node:readline"
import type { Plane } from "../real/kube/plane.ts"

const optionsOf = (plane: Plane) => ({
  ca: plane.caCert,
  headers: { authorization: `Bearer ${plane.adminToken}` },
})

/** A merge patch of one object, as `kubectl patch` sends it. */
export const mergePatch = (plane: Plane, path: string, body: object): Promise<void> =>
  new Promise((resolve, reject) => {
    const { ca, headers } = optionsOf(plane)
    const type = { "content-type": "application/merge-patch+json" }
    const call = request(
      plane.server + path,
      { method: "PATCH", ca, headers: { ...headers, ...type } },
      (answer) => {
        answer.resume()
        if (answer.statusCode === 200) answer.on("end", resolve)
        else reject(new Error(`PATCH ${path} answered ${answer.statusCode}`))
      },
    )
    call.on("error", reject)
    call.end(JSON.stringify(body))
  })

/** Tells each line of a watch as it comes: the least that any reader of the API server has to wait. Resolves when it is open. */
export const watchLines = (
  plane: Plane,
  path: string,
  heard: (line: string) => void,
): Promise<{ close(): void }> =>
  new Promise((resolve, reject) => {
    const call = request(`${plane.server}${path}?watch=1`, optionsOf(plane), (answer) => {
      createInterface({ input: answer })
        .on("line", heard)
        .on("error", () => undefined)
      resolve({ close: () => call.destroy() })
    })
    call.on("error", reject)
    call.end()
  })
