import type { KubeObject } from "../../../kube/object.ts"
import { list, record, strings, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check, meshConfigKind } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { telemetryKind } from "./kinds.ts"

export const providerMissing = rule({
  code: "telemetry.provider_missing",
  aliases: ["IST0157"],
  level: "warning",
  title: "Access logging without a provider",
  effect: "Nothing is logged: the Telemetry names no provider, and neither does one above it or MeshConfig",
  remedy: "Name a provider, or set defaultProviders.accessLogging in MeshConfig",
  source: "https://istio.io/latest/docs/tasks/observability/telemetry/",
})
export const providerUnknown = rule({
  code: "telemetry.provider_unknown",
  aliases: [],
  level: "warning",
  title: "Telemetry names a provider that MeshConfig does not define",
  effect: "Istio passes the provider over",
  remedy: "Add it to MeshConfig's extensionProviders, or correct the name",
  source: "https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider",
})
export const lightstep = rule({
  code: "telemetry.lightstep",
  aliases: ["IST0002"],
  level: "warning",
  title: "Telemetry uses a Lightstep provider",
  effect: "The provider is deprecated and goes away in a later version",
  remedy: "Send traces with the OpenTelemetry provider",
})

/** What MeshConfig has from the start. Source: istio, `mesh.DefaultMeshConfig`. */
const builtIn = ["prometheus", "stackdriver", "envoy"]

const configOf = (view: View) => record(view.all(meshConfigKind)[0]?.["spec"])

const namesOf = (section: unknown): string[] =>
  list(record(section)["providers"]).map((provider) => text(record(provider)["name"]))

const hasLogProvider = (object: KubeObject): boolean => {
  const spec = record(object["spec"])
  if (spec["selector"] !== undefined || spec["targetRefs"] !== undefined) return false
  return list(spec["accessLogging"]).some((section) => list(record(section)["providers"]).length > 0)
}

/** Whether a Telemetry above this one gives it a provider: of the root namespace, or of its own for those with a selector. */
function isInheriting(object: KubeObject, view: View): boolean {
  const namespace = object.metadata.namespace ?? ""
  const root = view.settings.rootNamespace
  const above = (name: string): boolean =>
    view.inNamespace(telemetryKind, name).some((other) => other !== object && hasLogProvider(other))
  const selects = record(object["spec"])["selector"] !== undefined
  return (namespace !== root && above(root)) || (selects && above(namespace))
}

function checkLogging(object: KubeObject, view: View, report: Report): void {
  const sections = list(record(object["spec"])["accessLogging"])
  if (sections.length === 0) return
  if (strings(record(configOf(view)["defaultProviders"])["accessLogging"]).length > 0) return
  const index = sections.findIndex(
    (section) => record(section)["disabled"] !== true && list(record(section)["providers"]).length === 0,
  )
  if (index < 0 || isInheriting(object, view)) return
  report(providerMissing, {
    path: at("spec", "accessLogging", index),
    message: "names no provider, and MeshConfig has no defaultProviders.accessLogging",
  })
}

function checkProviders(object: KubeObject, view: View, report: Report): void {
  const spec = record(object["spec"])
  let known: Map<string, boolean> | undefined
  for (const part of ["tracing", "metrics", "accessLogging"]) {
    const sections = list(spec[part])
    for (let index = 0; index < sections.length; index++) {
      const names = namesOf(sections[index])
      for (let position = 0; position < names.length; position++) {
        const name = names[position] ?? ""
        known ??= providersOf(view)
        const path = at("spec", part, index, "providers", position, "name")
        const isLightstep = known.get(name.toLowerCase())
        if (isLightstep === undefined && name !== "" && view.all(meshConfigKind).length > 0)
          report(providerUnknown, {
            path,
            message: `MeshConfig defines no provider ${name}; there are ${[...known.keys()].join(", ")}`,
          })
        if (isLightstep === true && part === "tracing")
          report(lightstep, { path, message: `provider ${name} is of the deprecated kind lightstep` })
      }
    }
  }
}

/** Whether each is of the kind lightstep, by name, which Istio compares in any case. Source: pilot `fetchProvider`. */
function providersOf(view: View): Map<string, boolean> {
  const known = new Map<string, boolean>(builtIn.map((name) => [name, false]))
  for (const provider of list(configOf(view)["extensionProviders"]))
    known.set(text(record(provider)["name"]).toLowerCase(), record(provider)["lightstep"] !== undefined)
  return known
}

export const telemetryProviders = check({
  name: "telemetry/providers",
  subject: telemetryKind,
  reads: [telemetryKind, meshConfigKind],
  rules: [providerMissing, providerUnknown, lightstep],
  run: (object, view, report) => {
    checkLogging(object, view, report)
    checkProviders(object, view, report)
  },
})
