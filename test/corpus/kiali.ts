import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { defaultSettings } from "#shared/istio/mesh.ts"
import { type KubeObject, kindKeyOf } from "#shared/kube/object.ts"
import type { Family } from "#shared/validation/check.ts"
import type { Deviation } from "#shared/validation/deviation.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { here, objectsOf } from "#shared/validation/testing.ts"
import { type Said, difference, saidBy } from "./said.ts"

/** The cases of Kiali's own tests that are data: fixtures/kiali/fixtures.json (one checker, one file) and integration.json (bookinfo and a file). */

export type KialiFixture = {
  test: string
  line: number
  checker: string
  fixture: string
  expected: { code: string; resource?: string; severity: string; path?: string }[]
  autoMtls?: boolean
  /** Go expressions that make the rest of the state. */
  goBuilt?: string[]
  namespaces?: string[]
  /** The checker may say more than this. */
  atLeast?: boolean
}

export type KialiIntegration = {
  test: string
  asset: string
  expected: { code: string; resource: string }[]
  mustNotHave: { code: string; resource: string }[]
  /** Objects of which nothing may be said. */
  mustBeClean: string[]
}

const root = resolve(process.env["SMM_FIXTURES"] ?? "../shared/fixtures")
const folder = resolve(root, "kiali")

/** Why the corpus cannot be run, for `skipNote`; null when it can. */
export const kialiMissing: string | null = existsSync(folder) ? null : `no ${folder}; set SMM_FIXTURES`

const listOf = <T>(file: string): T[] =>
  kialiMissing === null ? (JSON.parse(readFileSync(resolve(folder, file), "utf8")) as T[]) : []

/** The code a case of a table has in deviations. */
export const kialiId = ({ test, line, fixture }: KialiFixture): string =>
  `${test.slice(test.lastIndexOf(":") + 1)}:${line} ${fixture.slice(fixture.lastIndexOf("/") + 1)}`

export const kialiFixtures = (checkers?: readonly string[]): KialiFixture[] =>
  listOf<KialiFixture>("fixtures.json").filter(
    ({ checker }) => checkers === undefined || checkers.includes(checker),
  )

/** Those that ask of any of the codes, or of all. */
export const kialiIntegration = (codes?: readonly string[]): KialiIntegration[] =>
  listOf<KialiIntegration>("integration.json").filter(
    ({ expected, mustNotHave }) =>
      codes === undefined || [...expected, ...mustNotHave].some(({ code }) => codes.includes(code)),
  )

/** The codes that a checker raises. Names of checkers are not unique over folders; what a file of the name raises is its. */
export const codesOfChecker = (checker: string): string[] =>
  listOf<{ code: string; raisedIn: string[] }>("catalogue.json")
    .filter(({ raisedIn }) => raisedIn.some((file) => file.endsWith(`/${checker}.go`)))
    .map(({ code }) => code)

const service = (name: string, namespace: string, selector: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector, ports: [{ name: "http", port: 9080, targetPort: 9080, protocol: "TCP" }] },
})

const pod = (namespace: string, app: string, version: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: `${app}-${version}`, namespace, labels: { app, version } },
  spec: { containers: [{ name: "app" }, { name: "istio-proxy" }] },
})

/** The expressions of Kiali's test data that occur, as objects. @throws Error for one that is not known */
function built(expression: string): KubeObject {
  const name = /^data\.(\w+)\(/.exec(expression)?.[1] ?? ""
  const values = [...expression.matchAll(/"([^"]*)"/g)].map(([, value = ""]) => value)
  const [first = "", second = "", app = "", version = ""] = values
  if (name.startsWith("CreateFakeService")) return service(first, second, { app: first })
  if (name.startsWith("CreateWorkload")) return pod(first, app || second, version)
  throw new Error(`not known how to build ${expression}`)
}

const namespaceOf = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name },
})

/** Kinds that Kiali has read in every case, whether there are any or not. */
const always = ["VirtualService", "DestinationRule", "Gateway", "ServiceEntry", "Sidecar"].map(
  (kind) => `${kind}.networking.istio.io`,
)
const policies = ["PeerAuthentication", "AuthorizationPolicy", "RequestAuthentication"].map(
  (kind) => `${kind}.security.istio.io`,
)

function engineFor(families: readonly Family[], objects: readonly KubeObject[], autoMtls: boolean): Engine {
  const engine = new Engine({ families, settings: { ...defaultSettings, autoMtls }, strict: true })
  const kinds = new Set([...always, ...policies])
  for (const object of objects) {
    engine.put(here, object)
    kinds.add(kindKeyOf(object))
  }
  for (const check of families.flatMap(({ checks }) => checks))
    for (const kind of [check.subject, ...check.reads])
      if (!kinds.has(kind))
        engine.setState(here, kind, { state: "absent", reason: `${kind} is not in the case` })
  return engine
}

const yamlOf = (path: string): KubeObject[] => objectsOf(readFileSync(resolve(folder, "yaml", path), "utf8"))

/** Compared by code alone: in most cases Kiali's table does not say of which object. */
export function runKialiFixture(
  one: KialiFixture,
  families: readonly Family[],
  deviations: readonly Deviation[] = [],
): { missing: readonly Said[]; extra: readonly Said[]; used: readonly Deviation[] } {
  const objects = [
    ...(one.namespaces ?? []).map(namespaceOf),
    ...(one.goBuilt ?? []).map(built),
    ...yamlOf(one.fixture),
  ]
  const findings = engineFor(families, objects, one.autoMtls ?? true).findings()
  const anonymous = ({ code }: { code: string }): Said => ({ code, resource: "" })
  const own = deviations.filter(
    (deviation) => deviation.corpus === "kiali/fixtures" && deviation.case === kialiId(one),
  )
  const unnamed = own.map((deviation) => ({ ...deviation, resource: "" }))
  const result = difference(
    one.expected.map(anonymous),
    saidBy(findings, families, codesOfChecker(one.checker), "place").map(anonymous),
    unnamed,
  )
  const extra = one.atLeast === true ? [] : result.extra
  // The very ones that were given, so that those that are not used can be told.
  const used = own.filter((_, at) => result.used.some((deviation) => deviation === unnamed[at]))
  return { ...result, extra, used }
}

const inBookinfo = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: object.metadata.namespace ?? "bookinfo" },
})

/** Bookinfo in its namespace, as the integration tests expect it, with a pod for each of its Deployments. */
function bookinfo(): KubeObject[] {
  const files = ["bookinfo.yaml", "bookinfo-gateway.yaml"].map((file) => resolve(root, "bookinfo", file))
  const objects = files.flatMap((file) => objectsOf(readFileSync(file, "utf8"))).map(inBookinfo)
  const pods = objects
    .filter(({ kind }) => kind === "Deployment")
    .map((deployment): KubeObject => {
      const { template } = deployment["spec"] as { template: { metadata: object; spec: object } }
      const metadata = { ...template.metadata, name: deployment.metadata.name, namespace: "bookinfo" }
      return { apiVersion: "v1", kind: "Pod", metadata, spec: template.spec }
    })
  const kubernetes = service("kubernetes", "default", {})
  const classes = ["istio", "istio-remote", "istio-waypoint"].map((name): KubeObject => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name },
    spec: { controllerName: "istio.io/gateway-controller" },
  }))
  const namespaces = ["bookinfo", "default", "istio-system"].map(namespaceOf)
  return [...namespaces, ...classes, kubernetes, ...objects, ...pods]
}

/** Only what a case names is asked: codes that must be said, codes that must not, objects of which nothing may be said. */
export function runKialiIntegration(
  one: KialiIntegration,
  families: readonly Family[],
  deviations: readonly Deviation[] = [],
): { missing: readonly Said[]; extra: readonly Said[]; used: readonly Deviation[] } {
  const objects = [...bookinfo(), ...yamlOf(`assets/${one.asset}`).map(inBookinfo)]
  const findings = engineFor(families, objects, true).findings()
  const codes = families
    .flatMap(({ rules }) => rules.flatMap(({ aliases }) => aliases))
    .filter((code) => code.startsWith("KIA"))
  const said = saidBy(findings, families, [...new Set(codes)])
  const plain = (resource: string): string => resource.replace(/ \([^)]*\)/, "")
  const has = (wanted: Said): boolean =>
    said.some(({ code, resource }) => code === wanted.code && resource === plain(wanted.resource))
  const wrong = [
    ...one.mustNotHave.filter(has),
    ...said.filter(({ resource }) => one.mustBeClean.map(plain).includes(resource)),
  ]
  return difference(
    one.expected.map(({ code, resource }) => ({ code, resource: plain(resource) })),
    [
      ...one.expected.filter(has).map(({ code, resource }) => ({ code, resource: plain(resource) })),
      ...wrong.map(({ code, resource }) => ({ code, resource: plain(resource) })),
    ],
    deviations.filter((deviation) => deviation.corpus === "kiali/integration" && deviation.case === one.test),
  )
}
