import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "yaml"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createConfigFile } from "#cli/config.ts"
import type { Io } from "#cli/io.ts"
import { run } from "#cli/program.ts"
import { createApi } from "#cloud/api/app.ts"
import { Inventory } from "#cloud/store/inventory.ts"
import { FindingList, SuppressionRule } from "#shared/api/validation.ts"
import type { KubeObject } from "#shared/kube/object.ts"
import { findingObject } from "#shared/validation/finding-object.ts"
import { type TestCloud, startTestCloud } from "../cloud/harness.ts"
import { putCluster, service } from "../cloud/mesh.ts"

let fixture: TestCloud
let folder: string

const route = (name: string, host: string): KubeObject => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name, namespace: "shop" },
  spec: { hosts: [`${name}.example.com`], http: [{ route: [{ destination: { host } }] }] },
})

beforeAll(async () => {
  fixture = await startTestCloud()
  folder = mkdtempSync(join(tmpdir(), "smm-cli-findings-"))
  const { cloud, tenant, clock } = fixture
  const east = await putCluster(cloud, tenant.organizationId, "east")
  const known = {
    code: "virtualservice.host_unknown",
    level: "error" as const,
    message: "",
    cluster: east.clusterId,
    object: { kind: "VirtualService.networking.istio.io", namespace: "shop", name: "web" },
    path: "spec.http[0].route[0].destination.host",
    references: [],
    fix: null,
  }
  await Inventory.applyDelta(cloud, east, 2, {
    put: [
      service("cart"),
      route("web", "nowhere"),
      route("\u001b[31mred", "gone"),
      findingObject(known, null, 0),
    ],
    remove: [],
  })
  clock.advance(3 * 3_600_000)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await fixture.close()
})

async function smm(args: readonly string[], token: "owner" | "viewer" = "owner") {
  const api = createApi(fixture.cloud)
  let [out, err] = ["", ""]
  const io: Io = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env: { SMM_SERVER: "http://127.0.0.1:8080", SMM_TOKEN: fixture.tenant.tokens[token] },
    fetch: (url, init) => Promise.resolve(api.request(url, init)),
    now: () => fixture.clock.at,
    sleep: () => Promise.resolve(),
    readInput: () => Promise.resolve(""),
    isTerminal: false,
    config: createConfigFile(join(folder, "config.json")),
    readLocal: () => null,
  }
  return { code: await run(args, io), out, err }
}

const count = (text: string, part: string): number => text.split(part).length - 1

describe("smm findings", () => {
  test("lists what is wrong in the mesh, worst first, with since when, and what is not known at the end", async () => {
    const { code, out } = await smm(["findings"], "viewer")
    expect(code).toBe(0)
    expect(out).toMatch(/^LEVEL +CLUSTER +OBJECT +CODE +SINCE +MESSAGE\nerror /)
    expect(out).toMatch(
      /\nerror +east[^\n]* +VirtualService shop\/web +virtualservice\.host_unknown +3 h +[^\n]*nowhere/,
    )
    const levels = [...out.matchAll(/^(error|warning|info) /gm)].map(([, level]) => level)
    expect(levels).toEqual(
      levels.toSorted((a, b) => "ewi".indexOf(a?.[0] ?? "") - "ewi".indexOf(b?.[0] ?? "")),
    )
    expect(out).toMatch(/\n\d+ errors, \d+ warnings?, \d+ info, 0 suppressed in \d+ objects\n$/)
    expect(out).not.toContain("\u001b")
  })

  test("prints the document of the API, and more columns when wide", async () => {
    const { out } = await smm(["findings", "-o", "json"])
    const document = FindingList.parse(JSON.parse(out))
    expect(parse((await smm(["findings", "-o", "yaml"])).out)).toEqual(document)
    const wide = (await smm(["findings", "-o", "wide"])).out
    expect(wide).toMatch(/ALIASES +SINCE +PATH +FIX +MESSAGE/)
    expect(wide).toContain("IST0101,KIA1101")
  })

  const narrowed: [string[], number][] = [
    [["-q", "web"], 1],
    [["-n", "shop"], 2],
    [["-n", "other"], 0],
    [["--code", "IST0101"], 2],
    [["--code", "kia1101"], 2],
    [["--code", "virtualservice.host_unknown"], 2],
    [["--level", "warning,info"], 0],
    [["--level", "error", "--level", "info"], 2],
    [["--cluster", "east"], 2],
  ]
  test.each(narrowed)("with %j has %i of the unknown hosts", async (args, expected) => {
    const { code, out } = await smm(["findings", ...args])
    expect([code, count(out, "virtualservice.host_unknown ")]).toEqual([0, expected])
    expect(out).toMatch(/\d+ errors?, .+ in \d+ objects\n$/)
  })

  test("is a gate where --fail-on asks for one", async () => {
    expect((await smm(["findings", "--fail-on", "error"])).code).toBe(1)
    expect((await smm(["findings", "--fail-on", "error", "-n", "other"])).code).toBe(0)
  })

  test("says what is wrong with a code or a level that nothing has", async () => {
    expect(await smm(["findings", "--code", "virtualservice.host_unknwon"])).toMatchObject({
      code: 4,
      err: expect.stringMatching(/no rule has the code .+ is it virtualservice\./),
    })
    expect(await smm(["findings", "--level", "fatal"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("there are error, warning, info"),
    })
    expect((await smm(["findings", "--cluster", "west"])).err).toContain("there are: east")
  })
})

describe("suppressing findings", () => {
  test("hides them for a time, shows them with --suppressed, and tells of them again", async () => {
    const made = await smm([
      ...["findings", "suppress", "ist0101", "--object", "VirtualService web.shop", "--for", "7d"],
      ...["--reason", "moves in May"],
    ])
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^sup_\w+\n$/) })
    const id = made.out.trim()
    expect(made.err).toBe(
      `Suppressed IST0101 at "VirtualService web.shop" until 2026-12-01 15:00Z; smm findings unsuppress ${id}\n`,
    )
    const kept = (await smm(["findings"])).out
    expect(kept).toMatch(/ 1 suppressed in/)
    expect(kept).not.toMatch(/shop\/web +virtualservice\.host_unknown/)
    const shown = (await smm(["findings", "--suppressed"])).out
    expect(shown).toMatch(/shop\/web .+ settings IST0101 until 2026-12-01 /)
    const list = await smm(["findings", "suppressions"])
    expect(list.out).toMatch(
      new RegExp(`${id} +IST0101 +VirtualService web.shop +2026-12-01 15:00Z +moves in May`),
    )
    expect(await smm(["findings", "unsuppress", id])).toMatchObject({
      code: 0,
      err: 'Told again of IST0101 at "VirtualService web.shop"\n',
    })
    expect((await smm(["findings"])).out).toMatch(/ 0 suppressed in/)
    expect(await smm(["findings", "unsuppress", id])).toMatchObject({
      code: 4,
      err: expect.stringContaining(`no suppression "${id}"`),
    })
    expect((await smm(["findings", "suppressions"])).err).toBe("Nothing is suppressed\n")
  })

  test("until a day ends with it, and prints what was made as JSON", async () => {
    const { out } = await smm([
      ...["findings", "suppress", "virtualservice.host_unknown", "--until", "2026-12-31", "-o", "json"],
    ])
    const made = SuppressionRule.parse(JSON.parse(out))
    expect(made).toMatchObject({ object: "", until: Date.UTC(2026, 11, 31, 23, 59, 59) })
    await smm(["findings", "unsuppress", made.suppressionId])
  })

  test("of objects that nothing is found at is said to be so", async () => {
    const { code, out, err } = await smm(["findings", "suppress", "IST0101", "--object", "shpo/*"])
    expect([code, err]).toEqual([0, expect.stringContaining('nothing that is found now is at "shpo/*"')])
    await smm(["findings", "unsuppress", out.trim()])
  })

  const wrong: [number, string[], RegExp][] = [
    [2, ["IST0101", "--for", "7"], /7d or 2w/],
    [2, ["IST0101", "--for", "0d"], /7d or 2w/],
    [2, ["IST0101", "--until", "tomorrow"], /2027-01-31/],
    [2, ["IST0101", "--until", "2026-02-31"], /2027-01-31/],
    [2, ["IST0101", "--until", "2026-11-23"], /is over already/],
    [2, ["IST0101", "--for", "7d", "--until", "2026-12-31"], /write one of them/],
    [2, ["*"], /add --object/],
    [2, ["IST0101", "-n", "shop"], /--namespace does not narrow a suppression; write --object/],
    [4, ["IST9999"], /no rule has the code/],
  ]
  test.each(wrong)("is %i for %j, with what to write", async (code, args, words) => {
    const answer = await smm(["findings", "suppress", ...args])
    expect(answer).toEqual({ code, out: "", err: expect.stringMatching(words) })
    expect((await smm(["findings", "suppressions"])).err).toBe("Nothing is suppressed\n")
  })

  test("is not for everybody", async () => {
    const { code, err } = await smm(["findings", "suppress", "IST0101"], "viewer")
    expect([code, err]).toEqual([4, expect.stringMatching(/viewer/)])
  })
})

describe("smm rules", () => {
  test("lists all of them, and those that say a word", async () => {
    const all = JSON.parse((await smm(["rules", "-o", "json"])).out) as { items: { code: string }[] }
    expect(all.items.length).toBeGreaterThan(100)
    expect((await smm(["rules"])).out.split("\n")).toHaveLength(all.items.length + 2)
    const { out } = await smm(["rules", "-q", "subset", "--level", "error"])
    expect(out).toMatch(/^virtualservice\.subset_unknown +error +\S*KIA1107/m)
    expect(out).not.toMatch(/ (?:warning|info) /)
    expect((await smm(["rules", "-q", "no such words"])).err).toBe("No rule says that\n")
  })

  test("says what one means, and all that share an anchor's code", async () => {
    const { out } = await smm(["rules", "virtualservice.subset_unknown"])
    expect(out).toMatch(
      /^Code {5}virtualservice\.subset_unknown\nAliases {2}.*KIA1107.*\nLevel {4}error\nTitle .+\nEffect .+\nRemedy .+\n/,
    )
    expect(count((await smm(["rules", "ist0101"])).out, "Code     ")).toBeGreaterThan(3)
  })
})
