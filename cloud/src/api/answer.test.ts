import { gunzipSync } from "node:zlib"
import { Hono } from "hono"
import { describe, expect, test } from "vitest"
import { taggedJson } from "./answer.ts"

const large = { items: Array.from({ length: 500 }, (_, i) => ({ name: `service-${i}` })) }
const app = new Hono()
  .get("/large", (c) => taggedJson(c, large))
  .get("/small", (c) => taggedJson(c, { a: 1 }))
const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers })

describe("an answer", () => {
  test.each(["gzip", "br, gzip", "gzip;q=0.5, br", "deflate,gzip"])(
    "is packed for who takes %s",
    async (coding) => {
      const answer = await get("/large", { "accept-encoding": coding })
      expect(answer.headers.get("content-encoding")).toBe("gzip")
      expect(JSON.parse(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString("utf8"))).toEqual(large)
    },
  )

  test.each(["", "br", "gzip;q=0", "gzip;q=0.0, br", "x-gzip"])("stays as it is for %j", async (coding) => {
    const answer = await get("/large", { "accept-encoding": coding })
    expect(answer.headers.get("content-encoding")).toBeNull()
    expect(await answer.json()).toEqual(large)
  })

  test("that is small is never packed", async () => {
    expect((await get("/small", { "accept-encoding": "gzip" })).headers.get("content-encoding")).toBeNull()
  })

  test("that the caller has, packed or not, is not sent again", async () => {
    const packed = await get("/large", { "accept-encoding": "gzip" })
    const plain = await get("/large")
    for (const tag of [packed.headers.get("etag"), plain.headers.get("etag")])
      for (const coding of ["gzip", ""]) {
        const again = await get("/large", { "accept-encoding": coding, "if-none-match": tag ?? "" })
        expect(again.status).toBe(304)
      }
  })
})
