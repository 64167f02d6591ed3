import type { Example } from "../../../check.ts"
import { yamlOf } from "./yaml.ts"

const telemetry = yamlOf("telemetry.istio.io/v1", "Telemetry")
const wasm = yamlOf("extensions.istio.io/v1alpha1", "WasmPlugin")
const service = yamlOf("networking.istio.io/v1", "VirtualService")
const definition = yamlOf("apiextensions.k8s.io/v1", "CustomResourceDefinition")

const both = (code: string, of: (spec: string) => string, fires: string, silent: string): Example => ({
  code,
  fires: of(fires),
  silent: of(silent),
})

export const extensionExamples: readonly Example[] = [
  both(
    "telemetry.tracing_limit",
    telemetry,
    "tracing: [{providers: [{name: zipkin}, {name: otel}]}]",
    "tracing: [{providers: [{name: otel}]}]",
  ),
  both(
    "telemetry.metric_override_invalid",
    telemetry,
    "metrics: [{overrides: [{tagOverrides: {zone: {}}}]}]",
    "metrics: [{overrides: [{tagOverrides: {zone: {operation: REMOVE}}}]}]",
  ),
  both(
    "telemetry.tag_unnamed",
    telemetry,
    'metrics: [{overrides: [{tagOverrides: {"": {operation: REMOVE}}}]}]',
    "metrics: [{overrides: [{tagOverrides: {zone: {operation: REMOVE}}}]}]",
  ),
  both(
    "telemetry.filter_invalid",
    telemetry,
    'accessLogging: [{filter: {expression: "response.code >= "}}]',
    'accessLogging: [{filter: {expression: "response.code >= 400"}}]',
  ),
  both(
    "wasm.url_invalid",
    wasm,
    "url: https://example.com:plugin/a.wasm",
    "url: https://example.com:8443/a.wasm",
  ),
  both(
    "virtualservice.fault_percent_deprecated",
    service,
    "hosts: [reviews]\nhttp: [{fault: {delay: {percent: 50, fixedDelay: 1s}}, route: [{destination: {host: reviews}}]}]",
    "hosts: [reviews]\nhttp: [{fault: {delay: {percentage: {value: 50}, fixedDelay: 1s}}, route: [{destination: {host: reviews}}]}]",
  ),
  both(
    "crd.kind_removed",
    definition,
    "group: rbac.istio.io\nnames: {kind: ServiceRole}",
    "group: security.istio.io\nnames: {kind: AuthorizationPolicy}",
  ),
]
