import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { stringify } from "yaml"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { Change, type ControlQuery } from "#shared/api/change.ts"
import type { Client } from "#shared/api/client.ts"
import type { FaultControlForm, RoutingForm } from "#shared/edit/form.ts"
import { type FormControl, formControls, type Intent } from "#shared/edit/intent.ts"
import { kindOf } from "#shared/kube/kinds.ts"
import type { AuditEvent } from "#test/real/kube/audit.ts"
import { skipNote } from "#test/real/skip.ts"
import { type ActingBed, actingMissing, startActing } from "./acting-bed.ts"
import { startBrowser } from "./browser.ts"
import { smm } from "./command.ts"
import { consoleMissing } from "./console.ts"
import { until } from "./room.ts"

const namespace = "bookinfo"
const of = (name: string): ControlQuery => ({ namespace, service: name })
const service = (name: string) => ({ namespace, name })
const istio = "networking.istio.io/v1"
const ana = { user: "ana", groups: ["mesh-editors", "payments"] }

/** One control by the API, by `smm`, and by hand. */
type Case = {
  control: FormControl | "objects"
  does: string
  /** Of the service or scope whose form is read first. */
  query?: ControlQuery
  intent: (form: unknown) => Intent
  line: string
  expiresInMs?: number
  fill?: (page: Page) => Promise<void>
}

const timeout = {
  apiVersion: istio,
  kind: "VirtualService",
  metadata: { name: "details", namespace },
  spec: { hosts: ["details"], http: [{ timeout: "3s", route: [{ destination: { host: "details" } }] }] },
}
const ratings = {
  apiVersion: istio,
  kind: "DestinationRule",
  metadata: { name: "ratings", namespace, labels: { team: "ratings" } },
  spec: {
    host: "ratings",
    trafficPolicy: { loadBalancer: { simple: "RANDOM" } },
    subsets: [{ name: "v1", labels: { version: "v1" } }],
  },
}
const fault: FaultControlForm = { abort: { percent: 50, httpStatus: 503 } }
const jason = "-m header:end-user=jason --to v2 --timeout 2s --retries 3 --retry-on 5xx"

const cases: Case[] = [
  {
    control: "routing",
    does: "adds a rule before the others",
    query: of("reviews"),
    intent(form) {
      const { http, ...rest } = form as RoutingForm
      const rule: RoutingForm["http"][number] = {
        origin: null,
        matches: [{ origin: null, headers: { "end-user": { exact: "jason" } } }],
        action: { type: "route", destinations: [{ destination: { subset: "v2" } }] },
        timeout: "2s",
        retries: { attempts: 3, retryOn: "5xx" },
      }
      return { control: "routing", service: service("reviews"), set: { ...rest, http: [rule, ...http] } }
    },
    line: `routing set bookinfo/reviews ${jason}`,
  },
  {
    control: "shift",
    does: "moves requests to another version",
    query: of("reviews"),
    intent: () => ({
      control: "shift",
      service: service("reviews"),
      set: { weights: { v1: 40, v2: 10, v3: 50 } },
    }),
    line: "shift set bookinfo/reviews v1=40 v2=10 v3=50",
    fill: (page) => page.getByTestId("weight-v3").fill("50"),
  },
  {
    control: "shift",
    does: "moves requests of a service that has an HTTPRoute",
    intent: () => ({
      control: "shift",
      service: { namespace: "payments", name: "pay" },
      set: { weights: { v1: 30, v2: 70 } },
    }),
    line: "shift set payments/pay v1=30 v2=70",
  },
  {
    control: "mirror",
    does: "sends copies to a version",
    intent: () => ({
      control: "mirror",
      service: service("reviews"),
      set: { mirrors: [{ destination: { subset: "v3" }, percent: 10 }] },
    }),
    line: "mirror set bookinfo/reviews --to v3 --percent 10",
  },
  {
    control: "fault",
    does: "aborts half of the requests for ten minutes",
    query: of("ratings"),
    intent: () => ({ control: "fault", service: service("ratings"), set: fault }),
    line: "fault set bookinfo/ratings --abort 503 --percent 50 --expires 10m",
    expiresInMs: 600_000,
    async fill(page) {
      await page.getByTestId("abort").check()
      await page.getByTestId("abort-percent").fill("50")
      await page.getByTestId("expires").selectOption("600000")
    },
  },
  {
    control: "circuit-breaker",
    does: "limits connections and takes failing pods out",
    intent: () => ({
      control: "circuit-breaker",
      service: service("details"),
      scope: {},
      set: { connectionPool: { maxConnections: 10 }, outlierDetection: { consecutive5xxErrors: 3 } },
    }),
    line: "circuit-breaker set bookinfo/details --max-connections 10 --consecutive-5xx 3",
  },
  {
    control: "load-balancing",
    does: "keeps a user at a pod of one version",
    intent: () => ({
      control: "load-balancing",
      service: service("reviews"),
      scope: { subset: "v2" },
      set: { consistentHash: { httpHeaderName: "x-user" } },
    }),
    line: "load-balancing set bookinfo/reviews --subset v2 --hash-header x-user",
  },
  {
    control: "client-tls",
    does: "says how callers encrypt",
    intent: () => ({
      control: "client-tls",
      service: service("details"),
      scope: {},
      set: { mode: "ISTIO_MUTUAL" },
    }),
    line: "client-tls set bookinfo/details --mode istio-mutual",
  },
  {
    control: "mtls",
    does: "requires mTLS where the second group of the user may",
    query: { namespace: "payments" },
    intent: () => ({ control: "mtls", scope: { namespace: "payments" }, set: { mode: "STRICT" } }),
    line: "mtls require payments",
    fill: (page) => page.getByRole("radio", { name: "Require" }).click(),
  },
  {
    control: "objects",
    does: "makes objects what a file says",
    intent: () => ({ control: "objects", put: [timeout, ratings], remove: [] }),
    line: "apply -f FOLDER/change.yaml",
  },
  {
    control: "objects",
    does: "removes one by name",
    intent: () => ({
      control: "objects",
      put: [],
      remove: [{ kind: "VirtualService.networking.istio.io", namespace, name: "reviews" }],
    }),
    line: "delete virtualservice reviews -n bookinfo",
  },
]

const missing = actingMissing() ?? consoleMissing()

describe.skipIf(skipNote("e2e: acting on a real API server", missing))(
  "acting on a real API server, as people whom its owner mapped",
  { timeout: 120_000 },
  () => {
    let bed: ActingBed
    let browser: Browser
    let page: Page

    beforeAll(async () => {
      ;[bed, browser] = await Promise.all([startActing(), startBrowser()])
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const code = new URL(bed.cloud.signInLink).searchParams.get("code")
      const answer = await context.request.post(`${bed.cloud.url}/api/v1/session`, {
        data: { code },
        headers: { origin: bed.cloud.url },
      })
      expect(answer.status()).toBeLessThan(300)
      page = await context.newPage()
      const documents = [timeout, ratings].map((object) => stringify(object))
      await writeFile(join(bed.folder, "change.yaml"), documents.join("---\n"))
    })
    afterAll(async () => {
      await browser?.close()
      await bed?.stop()
    })
    afterEach(() => bed.restore())

    async function byApi({ control, query, intent, expiresInMs }: Case): Promise<Change> {
      const read =
        query && control !== "objects"
          ? await bed.owner.call("getControl", { params: { cluster: bed.cluster, control }, query })
          : null
      const body = { intent: intent(read?.form), clusters: [bed.cluster], expiresInMs: expiresInMs ?? null }
      return bed.owner.call("createChange", { body })
    }
    async function byCli({ line }: Case): Promise<Change> {
      const args = line.replace("FOLDER", bed.folder).split(" ")
      return Change.parse(JSON.parse(await smm(bed.cloud, ...args, "--yes", "-o", "json")))
    }
    async function byHand({ control, query = {}, fill }: Case): Promise<Change> {
      const search = new URLSearchParams({ control, cluster: bed.cluster })
      const { service: name, namespace: within = "" } = query
      search.set(
        name === undefined ? "namespace" : "service",
        name === undefined ? within : `${within}/${name}`,
      )
      await page.goto(`${bed.cloud.url}/change?${search}`)
      await page.locator(".frame").waitFor()
      await fill?.(page)
      await page.getByTestId("apply").and(page.locator(":enabled")).waitFor()
      const answered = page.waitForResponse(
        (response) =>
          response.request().method() === "POST" && new URL(response.url()).pathname.endsWith("/changes"),
      )
      await page.keyboard.press("Control+Enter")
      return Change.parse(await (await answered).json())
    }

    /** `patch virtualservices bookinfo/reviews` */
    const told = ({ verb, objectRef }: AuditEvent): string =>
      `${verb} ${objectRef?.resource ?? ""} ${objectRef?.namespace ?? ""}/${objectRef?.name ?? ""}`
    const written = ({ steps }: Change): string[] =>
      steps.map(
        ({ verb, object: { kind, namespace: within, name } }) =>
          `${verb} ${kindOf(kind)?.plural ?? kind} ${within}/${name}`,
      )

    /** The writes of the audit log since there were so many, as soon as there are as many more. */
    const auditedSince = (before: number, count: number): Promise<AuditEvent[]> =>
      until("the writes in the server's audit log", async () => {
        const events = (await bed.audited()).slice(before)
        return events.length >= count ? events : undefined
      })

    test("is tried for every control", () => {
      expect(new Set(cases.map(({ control }) => control))).toEqual(new Set([...formControls, "objects"]))
    })

    const named = cases.map((one) => [`${one.control} ${one.does}`, one] as const)
    test.each(named)("%s: the same objects by API, smm and console", async (_name, one) => {
      const ways = [byApi, byCli, ...(one.fill ? [byHand] : [])]
      const results: unknown[] = []
      for (const [at, way] of ways.entries()) {
        if (at > 0) await bed.restore()
        const before = (await bed.audited()).length
        const change = await way(one)
        expect(change).toMatchObject({
          state: "applied",
          via: ["api", "cli", "console"][at],
          clusters: [{ as: ana, failure: null }],
        })
        const events = await auditedSince(before, change.steps.length)
        expect(events.map(told)).toEqual(written(change))
        for (const { impersonatedUser, responseStatus } of events) {
          expect(impersonatedUser?.username).toBe(ana.user)
          expect(impersonatedUser?.groups).toEqual(expect.arrayContaining(ana.groups))
          expect(responseStatus?.code).toBeLessThan(300)
        }
        results.push(await bed.objects())
      }
      for (const result of results) {
        expect(result).not.toEqual(bed.baseline)
        expect(result).toEqual(results[0])
      }
    })

    const strict = (scope: object): Intent => ({ control: "mtls", scope, set: { mode: "STRICT" } })
    const shift: Intent = {
      control: "shift",
      service: service("reviews"),
      set: { weights: { v1: 50, v2: 50 } },
    }
    const ask = (client: Client, intent: Intent): Promise<Change> =>
      client.call("createChange", { body: { intent, clusters: [bed.cluster] } })

    test.each([
      [
        "the owner, whose groups have no right to it",
        null,
        strict({ namespace }),
        "ana",
        "peerauthentications",
      ],
      ["a member who is mapped to somebody with no right", "bob", shift, "bob", "virtualservices"],
    ])("%s is refused by Kubernetes, not by us", async (_who, name, intent, user, resource) => {
      const client = name === null ? bed.owner : await bed.token(name, "operator")
      const before = (await bed.audited()).length
      const preview = await client.call("previewChange", {
        query: {},
        body: { intent, clusters: [bed.cluster] },
      })
      expect(preview.blockers.map(({ code }) => code)).toContain("access.denied")
      const change = await ask(client, intent)
      expect(change).toMatchObject({ state: "failed", clusters: [{ failure: { code: "forbidden" } }] })
      expect(change.clusters[0]?.failure?.message).toMatch(new RegExp(`User "${user}" cannot \\w+ resource`))
      const [refused, ...others] = await auditedSince(before, 1)
      expect(others).toEqual([])
      expect(refused).toMatchObject({
        impersonatedUser: { username: user },
        objectRef: { resource },
        responseStatus: { code: 403 },
      })
      expect(await bed.objects()).toEqual(bed.baseline)
    })

    test("who is mapped to nobody, and a viewer of ours, are refused before anything is sent", async () => {
      const before = (await bed.audited()).length
      const guest = await ask(await bed.token("guest", "operator"), shift)
      expect(guest).toMatchObject({
        state: "failed",
        clusters: [{ as: null, failure: { code: "not_allowed" } }],
      })
      const viewer = await bed.token("viewer", "viewer")
      await expect(ask(viewer, shift)).rejects.toMatchObject({ code: "auth.denied" })
      // What comes after it in the log proves that nothing was there before.
      const own = await ask(bed.owner, shift)
      const events = await auditedSince(before, own.steps.length)
      expect(events.map(told)).toEqual(written(own))
      const changesBy = async (by: string) =>
        (await bed.owner.call("listChanges", { query: { by } })).items.map(({ state }) => state)
      expect([await changesBy("guest"), await changesBy("viewer")]).toEqual([["failed"], []])
    })
  },
)
