import { ApiGatewayManagementApiClient } from "@aws-sdk/client-apigatewaymanagementapi"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { ClusterInstall } from "#shared/api/cluster.ts"
import { type TestCloud, startTestCloud } from "#test/cloud/harness.ts"
import { createHandlers } from "./handlers.ts"
import { type Api, connectionOf, createAwsSockets } from "./sockets.ts"

const httpEvent = (method: string, path: string, token: string | null, body?: unknown) => ({
  version: "2.0",
  routeKey: "$default",
  rawPath: path,
  rawQueryString: "",
  cookies: [],
  headers: {
    accept: "*/*",
    host: "mesh.example",
    "content-type": "application/json",
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  },
  requestContext: {
    accountId: "123456789012",
    apiId: "r3pmxmplak",
    domainName: "mesh.example",
    domainPrefix: "mesh",
    http: { method, path, protocol: "HTTP/1.1", sourceIp: "205.255.255.176", userAgent: "curl/7.54.0" },
    requestId: "JKJaXmPLvHcESHA=",
    routeKey: "$default",
    stage: "$default",
    time: "10/Mar/2026:05:16:23 +0000",
    timeEpoch: 1583348638390,
  },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  isBase64Encoded: false,
})

const socketEvent = (routeKey: string, more: Record<string, unknown> = {}) => ({
  ...more,
  requestContext: {
    routeKey,
    eventType: "MESSAGE",
    extendedRequestId: "JKJaXmPLvHcESHA=",
    requestTime: "10/Mar/2026:05:16:23 +0000",
    messageDirection: "IN",
    stage: "production",
    connectedAt: 1583348638390,
    requestTimeEpoch: 1583348638390,
    identity: { sourceIp: "205.255.255.176" },
    requestId: "JKJaXmPLvHcESHA=",
    domainName: "abcd1234.execute-api.us-east-1.amazonaws.com",
    connectionId: "K0ki5fa3oAMCJVw=",
    apiId: "abcd1234",
  },
  isBase64Encoded: false,
})

type HttpAnswer = { statusCode: number; body: string; isBase64Encoded: boolean }

describe("the entry points of Lambda", () => {
  let own: TestCloud
  beforeAll(async () => {
    own = await startTestCloud()
  })
  afterAll(() => own.close())
  const handlers = () => createHandlers(own.cloud)
  const http = async (event: unknown) => (await handlers().http(event as never)) as HttpAnswer

  test("answer an HTTP API's events: the API, the link's steps and the manifest", async () => {
    const { owner } = own.tenant.tokens
    const added = await http(httpEvent("POST", "/api/v1/clusters", owner, { name: "prod" }))
    expect(added.statusCode).toBe(201)
    const { token } = JSON.parse(added.body) as ClusterInstall
    const manifest = await http(httpEvent("GET", "/install", token))
    expect(manifest.statusCode).toBe(200)
    const text = Buffer.from(manifest.body, manifest.isBase64Encoded ? "base64" : "utf8").toString()
    expect(text).toContain("kind: Deployment")
    const refused = await http(httpEvent("POST", "/link/join", null, { token: "x" }))
    expect(refused.statusCode).toBe(401)
    expect(JSON.parse(refused.body)).toMatchObject({ code: "join.invalid" })
    expect((await http(httpEvent("GET", "/elsewhere", null))).statusCode).toBe(404)
  })

  test("refuse a handshake with the status of the problem, and take the origin in any spelling", async () => {
    const { console: socket, link } = handlers()
    const connect = {
      queryStringParameters: { ticket: "smt_x" },
      headers: { Origin: "https://evil.example" },
    }
    expect(await socket(socketEvent("$connect", connect))).toMatchObject({ statusCode: 403 })
    expect(await socket(socketEvent("$connect", { headers: {} }))).toMatchObject({ statusCode: 401 })
    expect(await link(socketEvent("$connect", connect))).toMatchObject({ statusCode: 401 })
  })

  test("let a message and an end of a connection that nobody knows pass", async () => {
    const { console: socket, link } = handlers()
    for (const handler of [socket, link]) {
      expect(await handler(socketEvent("$default", { body: "x" }))).toEqual({ statusCode: 200 })
      expect(await handler(socketEvent("$disconnect", { headers: { Host: "x" } }))).toEqual({
        statusCode: 200,
      })
    }
  })

  test("throw at an event that is none, so that API Gateway refuses it", async () => {
    await expect(handlers().link({ requestContext: { routeKey: "other" } })).rejects.toThrow()
  })
})

describe("sending over @connections", () => {
  let server: Server
  let calls: { method: string; path: string; body: string }[] = []
  let status = 200
  let type = ""
  const clients: ApiGatewayManagementApiClient[] = []
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        calls.push({
          method: request.method ?? "",
          path: request.url ?? "",
          body: Buffer.concat(chunks).toString(),
        })
        response.writeHead(status, {
          "content-type": "application/json",
          ...(type && { "x-amzn-errortype": type }),
        })
        response.end(status === 204 ? undefined : "{}")
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  })
  afterAll(async () => {
    for (const client of clients) client.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  afterEach(() => {
    calls = []
    status = 200
    type = ""
  })
  function sockets() {
    const { port } = server.address() as AddressInfo
    const client = (api: Api) => {
      const made = new ApiGatewayManagementApiClient({
        endpoint: `http://127.0.0.1:${port}/${api}-stage`,
        region: "us-east-1",
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
        maxAttempts: 1,
      })
      clients.push(made)
      return made
    }
    return createAwsSockets({ link: client("link"), console: client("console") })
  }

  test("goes to the API that the connection is of", async () => {
    const own = sockets()
    expect(await own.send(connectionOf("link", "K0ki5fa3oAMCJVw="), "to an agent")).toBe("sent")
    expect(await own.send(connectionOf("console", "a.b="), "to a console")).toBe("sent")
    expect(calls).toEqual([
      { method: "POST", path: "/link-stage/@connections/K0ki5fa3oAMCJVw%3D", body: "to an agent" },
      { method: "POST", path: "/console-stage/@connections/a.b%3D", body: "to a console" },
    ])
  })

  test("finds a connection that ended gone, whatever is asked of it", async () => {
    status = 410
    type = "GoneException"
    const own = sockets()
    expect(await own.send(connectionOf("link", "x"), "text")).toBe("gone")
    await own.close(connectionOf("link", "x"), 1008, "over")
    expect(calls.map(({ method }) => method)).toEqual(["POST", "DELETE"])
  })

  test("throws at every other failure: nothing counts as sent that may not have been", async () => {
    status = 413
    type = "PayloadTooLargeException"
    await expect(sockets().send(connectionOf("link", "x"), "text")).rejects.toThrow()
  })
})
