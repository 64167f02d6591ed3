import type { Example } from "../../../check.ts"
import { yamlOf } from "./yaml.ts"

const telemetry = yamlOf("telemetry.istio.io/v1", "Telemetry")
const wasm = yamlOf("extensions.istio.io/v1alpha1", "WasmPlugin")
const extension = yamlOf("extensions.istio.io/v1alpha1", "TrafficExtension")
const proxy = yamlOf("networking.istio.io/v1beta1", "ProxyConfig")
const service = yamlOf("networking.istio.io/v1", "VirtualService")
const definition = yamlOf("apiextensions.k8s.io/v1", "CustomResourceDefinition")

const both = (code: string, of: (spec: string) => string, fires: string, silent: string): Example => ({
  code,
  fires: of(fires),
  silent: of(silent),
})

export const extensionExamples: readonly Example[] = [
  both(
    "telemetry.provider_unnamed",
    telemetry,
    'accessLogging: [{providers: [{name: ""}]}]',
    "accessLogging: [{providers: [{name: envoy}]}]",
  ),
  both(
    "telemetry.tracing_limit",
    telemetry,
    "tracing: [{providers: [{name: zipkin}, {name: otel}]}]",
    "tracing: [{providers: [{name: otel}]}]",
  ),
  both(
    "telemetry.tracing_invalid",
    telemetry,
    "tracing: [{randomSamplingPercentage: 101}]",
    "tracing: [{randomSamplingPercentage: 100}]",
  ),
  both(
    "telemetry.metric_override_invalid",
    telemetry,
    "metrics: [{overrides: [{tagOverrides: {zone: {operation: UPSERT}}}]}]",
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
  both("wasm.url_invalid", wasm, "url: ftp://example.com/plugin.wasm", "url: oci://example.com/plugin:1.0"),
  both(
    "wasm.setting_invalid",
    wasm,
    "url: example.com/plugin\nsha256: 01ba47",
    "url: example.com/plugin\nsha256: 01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
  ),
  both(
    "wasm.env_invalid",
    wasm,
    "url: example.com/plugin\nvmConfig: {env: [{name: A, value: b}, {name: A, value: c}]}",
    "url: example.com/plugin\nvmConfig: {env: [{name: A, value: b}, {name: B, value: c}]}",
  ),
  both(
    "extension.match_invalid",
    wasm,
    "url: example.com/plugin\nmatch: [{ports: [{number: 65536}]}]",
    "url: example.com/plugin\nmatch: [{ports: [{number: 65535}]}]",
  ),
  both(
    "trafficextension.kind_invalid",
    extension,
    "lua: {inlineCode: function envoy_on_request() end}\nwasm: {url: example.com/plugin}",
    "lua: {inlineCode: function envoy_on_request() end}",
  ),
  both(
    "trafficextension.lua_invalid",
    extension,
    'lua: {inlineCode: ""}',
    "lua: {inlineCode: function envoy_on_request() end}",
  ),
  both("proxyconfig.concurrency_invalid", proxy, "concurrency: -1", "concurrency: 0"),
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
