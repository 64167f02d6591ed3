import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { type KubeObject, kindKeyOf } from "#shared/kube/object.ts"
import { type Family, meshConfigKind, meshNetworksKind } from "#shared/validation/check.ts"
import type { Deviation } from "#shared/validation/deviation.ts"
import { Engine } from "#shared/validation/engine/engine.ts"
import { here, objectsOf } from "#shared/validation/testing.ts"
import { type Said, difference, saidBy } from "./said.ts"

/** The cases of `istioctl analyze`'s own grids: fixtures/istio/cases.json, run by the rules of harness.json. */

export type IstioCase = {
  id: string
  inputFiles: string[]
  /** Files by cluster, where there are several. */
  clusters?: Record<string, string[]>
  meshConfigFile?: string
  meshNetworksFile?: string
  analyzer: { name: string; inputs: string[] }
  expected: { code: string; resource: string }[]
}

/** Certificates of the cases expired in 2023, or hold until 2122. */
const now = Date.UTC(2026, 0, 1)

type Harness = { istioNamespace: string; ignoredNamespaces: string[]; defaultObjects: string }

const folder = resolve(process.env["SMM_FIXTURES"] ?? "../shared/fixtures", "istio")

/** Why the corpus cannot be run, for `skipNote`; null when it can. */
export const istioMissing: string | null = existsSync(folder) ? null : `no ${folder}; set SMM_FIXTURES`

const text = (file: string): string => readFileSync(resolve(folder, file), "utf8")

const listOf = <T>(file: string): T[] => (istioMissing === null ? (JSON.parse(text(file)) as T[]) : [])

/** The cases of all analyzers, or of those whose name is begun by one of `analyzers` (`virtualservice.`). */
export const istioCases = (analyzers: readonly string[] = [""]): IstioCase[] =>
  listOf<IstioCase>("cases.json").filter(({ analyzer }) =>
    analyzers.some((prefix) => analyzer.name.startsWith(prefix)),
  )

/** The codes each analyzer may report, by its name. The schema analyzer is one per kind. */
function codesOf(analyzer: string): readonly string[] {
  const { analyzers } = JSON.parse(text("catalogue.json")) as {
    analyzers: { name: string; codes: string[] }[]
  }
  const general = analyzer.startsWith("schema.ValidationAnalyzer")
    ? "schema.ValidationAnalyzer.<Kind>"
    : analyzer
  return analyzers.find(({ name }) => name === general)?.codes ?? []
}

const networking = "networking.istio.io"
const security = "security.istio.io"
const registration = "admissionregistration.k8s.io"
const groups: Record<string, string> = {
  AuthorizationPolicy: security,
  RequestAuthentication: security,
  PeerAuthentication: security,
  CustomResourceDefinition: "apiextensions.k8s.io",
  Deployment: "apps",
  DestinationRule: networking,
  EnvoyFilter: networking,
  Gateway: networking,
  ProxyConfig: networking,
  ServiceEntry: networking,
  Sidecar: networking,
  VirtualService: networking,
  WorkloadEntry: networking,
  GRPCRoute: "gateway.networking.k8s.io",
  HTTPRoute: "gateway.networking.k8s.io",
  MutatingWebhookConfiguration: registration,
  ValidatingWebhookConfiguration: registration,
  Telemetry: "telemetry.istio.io",
  WasmPlugin: "extensions.istio.io",
}

/** An analyzer's input as a KindKey. */
function kindOf(input: string): string {
  if (input === "KubernetesGateway") return "Gateway.gateway.networking.k8s.io"
  const group = groups[input]
  return group === undefined ? input : `${input}.${group}`
}

const meshDocument = (kind: string, name: string, file: string, namespace: string): KubeObject => {
  const [document] = objectsOf(`kind: ${kind}\nspec:\n${text(file).replaceAll(/^/gm, "  ")}`)
  return { apiVersion: "v1", kind, metadata: { name, namespace }, spec: document?.["spec"] }
}

function engineFor(one: IstioCase, families: readonly Family[]): Engine {
  const harness = JSON.parse(text("harness.json")) as Harness
  const engine = new Engine({ families, istioNamespace: harness.istioNamespace, now, strict: true })
  const inputs = new Set(one.analyzer.inputs.map(kindOf))
  const clusters = one.clusters ?? { [here]: one.inputFiles }
  for (const [cluster, files] of Object.entries(clusters)) {
    for (const file of [harness.defaultObjects, ...files])
      for (const object of objectsOf(text(file)))
        if (
          inputs.has(kindKeyOf(object)) &&
          !harness.ignoredNamespaces.includes(object.metadata.namespace ?? "")
        )
          engine.put(cluster, object)
    if (one.meshConfigFile !== undefined)
      engine.put(cluster, meshDocument(meshConfigKind, "istio", one.meshConfigFile, harness.istioNamespace))
    if (one.meshNetworksFile !== undefined)
      engine.put(
        cluster,
        meshDocument(meshNetworksKind, "meshnetworks", one.meshNetworksFile, harness.istioNamespace),
      )
    for (const check of families.flatMap(({ checks }) => checks))
      for (const kind of [check.subject, ...check.reads])
        if (!inputs.has(kind))
          engine.setState(cluster, kind, { state: "absent", reason: `${kind} is not an input` })
  }
  return engine
}

/** What a case expects and we do not say, and the other way round, after the deviations; with those that were used. */
export function runIstioCase(
  one: IstioCase,
  families: readonly Family[],
  deviations: readonly Deviation[] = [],
): { missing: readonly Said[]; extra: readonly Said[]; used: readonly Deviation[] } {
  const findings = engineFor(one, families).findings()
  const codes = codesOf(one.analyzer.name)
  return difference(
    one.expected.map(({ code, resource }) => ({ code, resource })),
    saidBy(findings, families, codes),
    deviations.filter((deviation) => deviation.corpus === "istio/cases" && deviation.case === one.id),
  )
}
