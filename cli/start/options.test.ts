import { describe, expect, test } from "vitest"
import { startOptions } from "./options.ts"

describe("the flags of npm start", () => {
  test("have defaults: port 7780, .smm, the shop", () => {
    expect(startOptions([], "/checkout")).toEqual({
      port: 7780,
      host: "127.0.0.1",
      data: "/checkout/.smm",
      demo: "shop",
      json: false,
    })
  })

  test("choose port, data folder, mesh and output", () => {
    expect(
      startOptions(
        ["--port", "0", "--data", "/tmp/x", "--demo", "large", "--json", "--host", "::1"],
        "/checkout",
      ),
    ).toEqual({ port: 0, host: "::1", data: "/tmp/x", demo: "large", json: true })
    expect(startOptions(["--no-demo"], "/checkout")).toMatchObject({ demo: null })
    expect(startOptions(["--help"], "/checkout")).toBe("help")
  })

  test.each([
    [["--port", "http"], '--port "http": wants a number from 0 to 65535'],
    [["--port", "70000"], '--port "70000"'],
    [["--demo", "banking"], '--demo "banking": wants bookinfo, shop, large'],
    [["--host", "0.0.0.0"], "only for this machine"],
    [["--prot", "1"], "--prot"],
  ])("%j are refused by name", (argv, words) => {
    expect(() => startOptions(argv, "/checkout")).toThrow(words)
  })
})
