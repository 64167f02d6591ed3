import http from "node:http"
import type { AddressInfo } from "node:net"
import { KubeConfig } from "@kubernetes/client-node"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { KubeIdentity } from "#shared/act/policy.ts"
import { createKubeApi, type KubeApi, KubeError, warningsOf } from "./api.ts"
import { impersonation } from "./impersonation.ts"

describe("impersonation", () => {
  test.each([
    ["", "no spaces"],
    ["bob\r\nImpersonate-Group: system:masters", "control characters"],
    [" bob", "no spaces"],
    ["system:masters", "never impersonated"],
  ])("refuses the name %j", (name, words) => {
    expect(() => impersonation({ user: name, groups: [] })).toThrow(words)
    expect(() => impersonation({ user: "bob", groups: ["devs", name] })).toThrow(words)
  })
})

describe("calls of the API server", () => {
  let server: http.Server
  let api: KubeApi
  let seen: { method: string; headers: http.IncomingMessage["headersDistinct"]; body: string }[]
  let answer: { status: number; headers: Record<string, string | string[]>; body: object }
  const { signal } = new AbortController()

  beforeEach(async () => {
    seen = []
    answer = { status: 200, headers: {}, body: {} }
    server = http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        seen.push({
          method: request.method ?? "",
          headers: request.headersDistinct,
          body: Buffer.concat(chunks).toString("utf8"),
        })
        response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const config = new KubeConfig()
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    config.loadFromClusterAndUser(
      { name: "t", server: url, skipTLSVerify: true },
      { name: "t", token: "own" },
    )
    api = createKubeApi(config)
  })
  afterEach(async () => {
    api.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  test("carry user and every group, in their own headers, only when an identity is given", async () => {
    const as: KubeIdentity = { user: "Zoë@shop.example", groups: ["devs, ops", "admins"] }
    await api.json({ path: "/x", method: "PATCH", content: "apply", body: { a: 1 }, as, signal })
    await api.json({ path: "/x", signal })
    const [first, second] = seen
    const utf8 = (values: string[] | undefined) =>
      values?.map((value) => Buffer.from(value, "latin1").toString("utf8"))
    expect(utf8(first?.headers["impersonate-user"])).toEqual(["Zoë@shop.example"])
    expect(first?.headers["impersonate-group"]).toEqual(["devs, ops", "admins"])
    expect(first?.headers["content-type"]).toEqual(["application/apply-patch+yaml"])
    expect(first).toMatchObject({ method: "PATCH", body: '{"a":1}' })
    expect(Object.keys(second?.headers ?? {}).filter((name) => name.startsWith("impersonate"))).toEqual([])
  })

  test("an unsafe name is never sent", async () => {
    const as: KubeIdentity = { user: "bob\nx: y", groups: [] }
    await expect(api.json({ path: "/x", as, signal })).rejects.toThrow("control characters")
    expect(seen).toEqual([])
  })

  test("tell the warnings and the causes of a refusal", async () => {
    answer = {
      status: 422,
      headers: { warning: ['299 - "say \\"hi\\""', '299 kube "two", 299 - "three"'] },
      body: {
        reason: "Invalid",
        message: "no",
        details: { causes: [{ reason: "FieldValueInvalid", message: "bad", field: "spec.x" }] },
      },
    }
    const told: string[] = []
    const failed = api.json({
      path: "/x",
      method: "DELETE",
      body: {},
      signal,
      warn: (words) => told.push(words),
    })
    await expect(failed).rejects.toMatchObject(
      new KubeError(422, "Invalid", "no", {
        causes: [{ reason: "FieldValueInvalid", message: "bad", field: "spec.x" }],
      }),
    )
    await expect(failed).rejects.toMatchObject({ causes: [{ field: "spec.x" }] })
    expect(told).toEqual(['say "hi"', "two", "three"])
  })
})

test("a warning header without words says nothing", () => {
  expect(warningsOf(["nonsense"])).toEqual([])
})
