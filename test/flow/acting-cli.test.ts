import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { parse } from "yaml"
import { z } from "zod"
import { Change, ChangePreview, ControlReading } from "#shared/api/change.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { type Command, isReady, killAll, npmStart, processesNaming, root, runCommand } from "./started.ts"

/** The lines of acting as a newcomer types them into a shell, against `npm start` with the bookinfo demo. */

const patience = { timeout: 120_000, interval: 200 }
const longTest = 240_000
const data = mkdtempSync(join(tmpdir(), "smm-acting-cli-"))
const bin = join(data, "bin.smm")

// Each line is a process of its own: on a busy machine a handful of them takes long.
vi.setConfig({ testTimeout: longTest })

let command: Command
let env: Record<string, string>

beforeAll(async () => {
  command = npmStart(["--port", "0", "--json", "--data", data, "--demo", "bookinfo"])
  await vi.waitFor(() => expect(isReady(command)).toBe(true), patience)
  const { url, token } = z.object({ url: z.url(), token: z.string() }).parse(JSON.parse(command.stdout()))
  writeFileSync(bin, `#!/bin/sh\nexec ${process.execPath} ${join(root, "cli/src/main.ts")} "$@"\n`)
  chmodSync(bin, 0o755)
  env = { SMM_SERVER: url, SMM_TOKEN: token, SMM_CONFIG: join(data, "config.json") }
  await vi.waitFor(async () => {
    const { items } = JSON.parse((await sh("smm services -n bookinfo -o json")).out) as { items: unknown[] }
    expect(items.length).toBeGreaterThanOrEqual(4)
  }, patience)
}, longTest)
afterAll(async () => {
  command.child.kill("SIGINT")
  await vi
    .waitFor(() => expect(processesNaming(data)).toEqual([]), { timeout: 20_000, interval: 200 })
    .catch(() => killAll(data))
  rmSync(data, { recursive: true, force: true })
})

/** Runs a line in a shell where `smm` is installed, in a folder of one's own. */
async function sh(line: string): Promise<{ code: number | null; out: string; err: string }> {
  const script = `smm() { "${bin}" "$@"; }\n${line}`
  const ran = runCommand("sh", ["-c", script], { env, cwd: data })
  return { code: await ran.ended, out: ran.stdout(), err: ran.stderr() }
}

async function done(line: string): Promise<string> {
  const { code, out, err } = await sh(line)
  expect({ line, code, err }).toMatchObject({ code: 0 })
  return out
}

const idOf = (out: string): string => {
  expect(out).toMatch(/^chg_[0-9A-Z]{26}\n$/)
  return out.trim()
}

const objectOf = async (kind: string, name: string): Promise<KubeObject | undefined> => {
  const { items } = JSON.parse(await done(`smm get ${kind} -n bookinfo -o json`)) as { items: KubeObject[] }
  return items.find(({ metadata }) => metadata.name === name)
}

type Route = { destination: { subset?: string }; weight?: number }
type Http = { match?: unknown; route?: Route[]; fault?: unknown; mirrors?: unknown }
const httpOf = (object: KubeObject | undefined): Http[] =>
  (object?.["spec"] as { http: Http[] } | undefined)?.http ?? []
const weightsOf = (http: Http | undefined): [string | undefined, number | undefined][] =>
  (http?.route ?? []).map(({ destination, weight }) => [destination.subset, weight])

describe("the lines of acting, as they are written", () => {
  test("a shift prints the id of its change, and is in the object when it is done", async () => {
    idOf(await done("smm shift set bookinfo/reviews v1=80 v3=20 --yes"))
    const http = httpOf(await objectOf("virtualservice", "reviews"))
    expect(weightsOf(http.at(-1))).toEqual([
      ["v1", 80],
      ["v3", 20],
    ])
    expect(http[0]?.match).toEqual([{ headers: { "end-user": { exact: "jason" } } }])
    expect(await sh("smm shift set bookinfo/reviews v1=80 v3=20 --yes")).toMatchObject({ code: 0, out: "" })
  })

  test("routing is read as a form, whoever wrote it", async () => {
    const reading = ControlReading.parse(JSON.parse(await done("smm routing get bookinfo/reviews -o json")))
    expect(reading.form).toMatchObject({
      http: [{ matches: [{ headers: { "end-user": { exact: "jason" } } }] }, { matches: [] }],
    })
  })

  test("a fault is there, and says when it goes by itself", async () => {
    const id = idOf(await done("smm fault set bookinfo/ratings --abort 503 --percent 50 --expires 10m --yes"))
    expect(httpOf(await objectOf("virtualservice", "ratings"))[0]?.fault).toEqual({
      abort: { httpStatus: 503, percentage: { value: 50 } },
    })
    const { at, revertAt } = Change.parse(JSON.parse(await done(`smm history ${id} -o json`)))
    expect(revertAt).toBeGreaterThanOrEqual(at + 600_000)
    expect(revertAt).toBeLessThan(at + 660_000)
  })

  test("a mirror as plain objects applies nothing", async () => {
    const before = await objectOf("virtualservice", "reviews")
    const object = parse(
      await done("smm mirror set bookinfo/reviews --to v3 --percent 10 -o yaml"),
    ) as KubeObject
    expect(httpOf(object).at(-1)?.mirrors).toEqual([
      { destination: { host: "reviews", subset: "v3" }, percentage: { value: 10 } },
    ])
    expect(object.metadata).not.toHaveProperty("resourceVersion")
    expect(await objectOf("virtualservice", "reviews")).toEqual(before)
  })

  test("a circuit breaker keeps the rest of the DestinationRule", async () => {
    idOf(
      await done("smm circuit-breaker set bookinfo/details --max-connections 10 --consecutive-5xx 3 --yes"),
    )
    expect((await objectOf("destinationrule", "details"))?.["spec"]).toMatchObject({
      host: "details",
      subsets: [{ name: "v1" }],
      trafficPolicy: {
        connectionPool: { tcp: { maxConnections: 10 } },
        outlierDetection: { consecutive5xxErrors: 3 },
      },
    })
  })

  test("mutual TLS is previewed and read", async () => {
    const out = await done("smm mtls require bookinfo --dry-run; smm mtls get bookinfo/reviews:9080 -o json")
    const at = out.indexOf("\n{\n")
    expect(out.slice(0, at)).toContain("+    mode: STRICT")
    expect(ControlReading.parse(JSON.parse(out.slice(at)))).toMatchObject({
      mtls: { effective: "PERMISSIVE" },
    })
    expect(await objectOf("peerauthentication", "default")).toBeUndefined()
  })

  test("objects of a file are compared, applied, found in the history, and taken back", async () => {
    writeFileSync(
      join(data, "change.yaml"),
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: details, namespace: bookinfo }\nspec:\n  hosts: [details]\n  http: [{ timeout: 3s, route: [{ destination: { host: details } }] }]\n",
    )
    expect(await done("smm diff -f change.yaml")).toContain("+    - timeout: 3s")
    const applied = JSON.parse(await done("smm apply -f change.yaml --yes -o json")) as Change & {
      id: string
    }
    expect(applied).toMatchObject({
      state: "applied",
      steps: [{ verb: "create", outcome: { state: "applied" } }],
    })
    expect(await objectOf("virtualservice", "details")).toMatchObject({ spec: { hosts: ["details"] } })
    const { items } = JSON.parse(await done("smm history bookinfo/details -o json")) as { items: Change[] }
    expect(items.map(({ changeId }) => changeId)).toContain(applied.id)
    idOf(await done(`smm undo ${applied.id} --yes`))
    expect(await objectOf("virtualservice", "details")).toBeUndefined()
    const { items: reviews } = JSON.parse(await done("smm history bookinfo/reviews -o json")) as {
      items: Change[]
    }
    expect(reviews.some(({ title, via }) => title.includes("Shift reviews") && via === "cli")).toBe(true)
  })

  test("objects of the mesh are listed", async () => {
    const { items } = JSON.parse(await done("smm get virtualservice -n bookinfo -o json")) as {
      items: KubeObject[]
    }
    expect(items.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(["bookinfo", "reviews"]),
    )
  })
})

describe("around the lines", () => {
  test("the line that a preview shows does in a shell what was previewed", async () => {
    const preview = ChangePreview.parse(
      JSON.parse(
        await done(
          "smm routing set bookinfo/reviews -m 'header:x-it:regex=a{1\\,2}' --to v2 --timeout 2s --dry-run -o json",
        ),
      ),
    )
    expect(preview).toMatchObject({ blockers: [], refused: [] })
    idOf(await done(preview.commands.smm))
    const { steps } = preview
    expect((await objectOf("virtualservice", "reviews"))?.["spec"]).toEqual(steps.at(-1)?.after?.["spec"])
    expect(await sh(preview.commands.smm)).toMatchObject({ code: 0, out: "" })
  })

  test(
    "a fault that is to last seconds is gone after them, and its change says so",
    async () => {
      await done("smm fault delete bookinfo/ratings --yes")
      const id = idOf(await done("smm fault set bookinfo/ratings --delay 1s --percent 5 --expires 3s --yes"))
      await vi.waitFor(async () => {
        const change = Change.parse(JSON.parse(await done(`smm history ${id} -o json`)))
        expect([change.state, change.watch?.state]).toEqual(["undone", "undone"])
      }, patience)
      expect(
        httpOf(await objectOf("virtualservice", "ratings")).some(({ fault }) => fault !== undefined),
      ).toBe(false)
    },
    longTest,
  )

  test("access is told, and bad input is refused with the remedy", async () => {
    expect(await done("smm access -n bookinfo")).toMatch(/VirtualService\s+yes\s+yes\s+yes/)
    const wrong = await sh("smm shift set bookinfo/reviews v1=50 v9=50 --yes")
    expect(wrong.code).toBe(2)
    expect(wrong.err).toContain("versions are: v1, v2, v3")
    expect((await sh("smm shift set bookinfo/reviews v1=100")).code).toBe(2)
    expect((await sh("smm undo chg_01ARZ3NDEKTSV4RRFFQ69G5FAV --yes")).code).toBe(4)
  })
})
