import type { Example } from "../../../check.ts"
import { yamlOf } from "./yaml.ts"

const filter = yamlOf("networking.istio.io/v1alpha3", "EnvoyFilter")
const both = (code: string, fires: string, silent: string): Example => ({
  code: `envoyfilter.${code}`,
  fires: filter(fires),
  silent: filter(silent),
})
const typed = '{typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}}'
const patch = (applyTo: string, operation: string, more = ""): string => {
  const value = operation === "REMOVE" ? "" : `, value: ${applyTo.endsWith("_FILTER") ? typed : "{}"}`
  return `{applyTo: ${applyTo}, patch: {operation: ${operation}${value}}${more}}`
}
const list = (...patches: string[]): string => `configPatches: [${patches.join(", ")}]`

const chain = (text: string): string => `, match: {listener: {filterChain: {filter: ${text}}}}`
const lua = (config: string): string =>
  list(`{applyTo: HTTP_FILTER, patch: {operation: ADD, value: {name: envoy.filters.http.lua, ${config}}}}`)

export const envoyFilterExamples: readonly Example[] = [
  both(
    "patch_incomplete",
    list("{applyTo: CLUSTER, patch: {operation: MERGE}}"),
    list(patch("CLUSTER", "MERGE")),
  ),
  both(
    "match_invalid",
    list(patch("CLUSTER", "MERGE", ", match: {listener: {}}")),
    list(patch("CLUSTER", "MERGE", ", match: {cluster: {}}")),
  ),
  both(
    "match_ineffective",
    list(patch("NETWORK_FILTER", "MERGE", chain("{name: envoy.tcp_proxy}"))),
    list(patch("NETWORK_FILTER", "MERGE", chain("{name: envoy.filters.network.tcp_proxy}"))),
  ),
  both(
    "proxy_version_invalid",
    list(patch("CLUSTER", "MERGE", ', match: {proxy: {proxyVersion: "1.27(.*"}}')),
    list(patch("CLUSTER", "MERGE", ', match: {proxy: {proxyVersion: "^1\\\\.27.*"}}')),
  ),
  both(
    "value_invalid",
    lua('typed_config: {"@type": type.googleapis.com/envoy.config.filter.http.lua.v2.Lua}'),
    lua('typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}'),
  ),
  both(
    "value_ineffective",
    lua("config: {inlineCode: --}"),
    lua('typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}'),
  ),
  both(
    "relative_operation",
    list(patch("HTTP_FILTER", "INSERT_BEFORE")),
    `priority: 10\n${list(patch("HTTP_FILTER", "INSERT_BEFORE"))}`,
  ),
  both(
    "relative_operation_with_version",
    list(
      patch("HTTP_FILTER", "ADD", ', match: {proxy: {proxyVersion: "^1.*"}}'),
      patch("HTTP_FILTER", "INSERT_BEFORE"),
    ),
    `priority: 10\n${list(patch("HTTP_FILTER", "ADD", ', match: {proxy: {proxyVersion: "^1.*"}}'), patch("HTTP_FILTER", "INSERT_BEFORE"))}`,
  ),
  both(
    "replace_ignored",
    list(patch("CLUSTER", "REPLACE")),
    `priority: 10\n${list(patch("VIRTUAL_HOST", "REPLACE"))}`,
  ),
  both("add_ignored", list(patch("ROUTE_CONFIGURATION", "ADD")), list(patch("VIRTUAL_HOST", "ADD"))),
  both(
    "remove_ignored",
    list(patch("ROUTE_CONFIGURATION", "REMOVE")),
    `priority: 10\n${list(patch("VIRTUAL_HOST", "REMOVE"))}`,
  ),
  both(
    "operation_ignored",
    list(patch("CLUSTER", "INSERT_FIRST")),
    list(patch("HTTP_FILTER", "INSERT_FIRST")),
  ),
]
