import { describe, expect, test } from "vitest"
import { readSettings, UsageError } from "./options.ts"

const outside = ["--server", "https://mesh.example/", "--kubeconfig", "k.yaml"]
const read = (args: string[], environment: NodeJS.ProcessEnv = {}) =>
  readSettings(args, environment, "/home/me")

describe("the command line", () => {
  test("outside of a cluster keeps the key in a folder of its own and opens no port", () => {
    const settings = read([...outside, "--token", "t"])
    expect(settings).toMatchObject({
      server: "https://mesh.example",
      kubeconfig: "k.yaml",
      token: "t",
      pod: "",
    })
    expect(settings).toHaveProperty("state", expect.stringMatching(/^\/home\/me\/\.smm-agent\/[0-9a-f]{16}$/))
    expect(settings).not.toHaveProperty("probes")
  })

  test("two clusters, contexts or names on one machine do not share a key", () => {
    const states = [
      read(outside),
      read([...outside, "--context", "b"]),
      read([...outside, "--name", "n"]),
      read(["--server", "https://other", "--kubeconfig", "k.yaml"]),
    ].map((settings) => (settings as { state: string }).state)
    expect(new Set(states).size).toBe(4)
  })

  test("in a cluster reads the environment and the manifest's arguments", () => {
    const environment = {
      KUBERNETES_SERVICE_HOST: "10.0.0.1",
      SMM_POD: "agent-1",
      SMM_NAMESPACE: "smm-system",
    }
    const args = ["--server", "https://m", "--token-file", "/run/token", "--listen", "0.0.0.0:8081"]
    expect(read(args, environment)).toMatchObject({
      tokenFile: "/run/token",
      probes: { host: "0.0.0.0", port: 8081 },
      pod: "agent-1",
      namespace: "smm-system",
    })
    expect(read(["--server", "https://m"], environment)).toMatchObject({
      probes: { host: "0.0.0.0", port: 8080 },
    })
    expect(read(args, environment)).not.toHaveProperty("state")
  })

  test("an argument wins over its variable", () => {
    expect(read(outside, { SMM_SERVER: "https://other", SMM_TOKEN: "t" })).toMatchObject({
      server: "https://mesh.example",
      token: "t",
    })
  })

  test.each([
    [[], "--server is missing"],
    [["--server", "mesh"], '--server wants an address such as https://mesh.example, not "mesh"'],
    [["--server", "ftp://mesh"], "--server wants http or https"],
    [["--server", "https://m"], "--kubeconfig is missing"],
    [["--server", "https://m", "--context", "c"], "--context is of a kubeconfig"],
    [[...outside, "--port", "70000"], "--port wants a port of 0 to 65535"],
    [[...outside, "--listen", "8080"], "--listen wants HOST:PORT"],
    [[...outside, "--tick-floor", "0"], "--tick-floor wants 1 to 3600 seconds"],
    [[...outside, "--prometheus", "x"], "--prometheus wants an address"],
    [[...outside, "--log-level", "loud"], "--log-level wants one of"],
    [[...outside, "--nonsense"], "Unknown option '--nonsense'"],
  ])("%j is refused: %s", (args, words) => {
    expect(() => read(args)).toThrow(UsageError)
    expect(() => read(args)).toThrow(words)
  })
})
