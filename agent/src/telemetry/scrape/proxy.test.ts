import { type IncomingMessage, type ServerResponse, createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { Clock } from "#agent/clock.ts"
import { type ProxyClient, createProxyClient } from "./proxy.ts"

describe("the metrics of a proxy", () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let connections = 0
  let at = 0
  let url = ""
  let client: ProxyClient
  const clock: Clock = { now: () => at, random: () => 0, sleep: () => Promise.resolve() }
  const server = createServer((request, response) => answer(request, response))
  server.on("connection", () => connections++)

  const read = (isShared = false, take: (bytes: Buffer) => void = () => undefined) =>
    client.read({ url: `${url}/stats/prometheus?usedonly`, isShared }, take)

  beforeEach(async () => {
    connections = 0
    at = 0
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    client = createProxyClient({ clock, timeoutMs: 30_000, maxMs: 10_000, maxBytes: 1_000_000 })
  })
  afterEach(async () => {
    await client.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test("come as bytes, and no connection is kept to a pod's own address", async () => {
    const asked: unknown[] = []
    answer = ({ url: path, headers }, response) => {
      asked.push([path, headers.connection, headers.accept])
      response.end("istio_requests_total{} 1\n")
    }
    const parts: Buffer[] = []
    expect(await read(false, (bytes) => parts.push(Buffer.from(bytes)))).toBe(25)
    expect(Buffer.concat(parts).toString()).toBe("istio_requests_total{} 1\n")
    await read()
    expect(asked).toEqual(Array(2).fill(["/stats/prometheus?usedonly", "close", "text/plain"]))
    expect(connections).toBe(2)
  })

  test("come over few connections from an address that many share", async () => {
    answer = (_, response) => void response.end("a 1\n")
    for (let i = 0; i < 10; i++) await read(true)
    expect(connections).toBeLessThanOrEqual(2)
  })

  test.each([204, 302, 404, 503])("are not what an answer of %d has", async (status) => {
    answer = (_, response) => void response.writeHead(status).end()
    await expect(read()).rejects.toThrow(`answered ${status}`)
  })

  test("that come drop by drop are given up", async () => {
    answer = (_, response) => {
      response.write("a 1\n")
      const drip = setInterval(() => response.write("b 1\n"), 5)
      response.once("close", () => clearInterval(drip))
    }
    const reading = read(false, () => {
      at += 4_000
    })
    await expect(reading).rejects.toThrow("needs more than 10 s to answer")
  })

  test("that are too many are given up", async () => {
    answer = (_, response) => void response.end("a 1\n".repeat(400_000))
    await expect(read()).rejects.toThrow("has more than 1 MB of metrics")
  })

  test("that cannot be understood end the read", async () => {
    answer = (_, response) => void response.end("a 1\n")
    const reading = read(false, () => {
      throw new Error("a line without an end")
    })
    await expect(reading).rejects.toThrow("a line without an end")
  })

  test("are not waited for once nobody wants them, and the connection ends", async () => {
    let closed = 0
    answer = (request) => void request.socket.once("close", () => closed++)
    const reading = [read(), read(true)]
    await vi.waitFor(() => expect(connections).toBe(2))
    const all = Promise.allSettled(reading)
    client.abort(new Error("the tick is over"))
    for (const one of await all)
      expect(one).toMatchObject({ status: "rejected", reason: { message: "the tick is over" } })
    await vi.waitFor(() => expect(closed).toBe(2))
  })

  test("of an address that does not answer are an error, of none that is one too", async () => {
    await new Promise((resolve) => server.close(resolve))
    await expect(read()).rejects.toThrow("ECONNREFUSED")
    await expect(client.read({ url: "", isShared: false }, () => undefined)).rejects.toThrow("Invalid URL")
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  })
})
