import { describe, expect, test } from "vitest"
import { startOptions, withNpmFlags } from "./options.ts"

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

describe("the flags of npm start without the -- between", () => {
  test.each<[string, string[], Record<string, string>, string[]]>([
    ["--no-demo --json", [], { npm_config_demo: "", npm_config_json: "true" }, ["--no-demo", "--json"]],
    ["--port=0", [], { npm_config_port: "0" }, ["--port", "0"]],
    [
      "--port 0 --data /tmp/x --demo large",
      ["0", "/tmp/x", "large"],
      { npm_config_port: "true", npm_config_data: "true", npm_config_demo: "true" },
      ["--port", "0", "--data", "/tmp/x", "--demo", "large"],
    ],
    ["-- --port 0", ["--port", "0"], {}, ["--port", "0"]],
    ["--json -- --port 0", ["--port", "0"], { npm_config_json: "true" }, ["--json", "--port", "0"]],
    ["-- 7780", ["7780"], {}, ["7780"]],
  ])("are understood: %s", (_, argv, env, flags) => {
    expect(withNpmFlags(argv, env)).toEqual(flags)
  })
})
