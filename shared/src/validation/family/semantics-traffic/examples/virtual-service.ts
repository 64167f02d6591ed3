import type { Example } from "../../../check.ts"
import { bare, http, virtualService } from "./yaml.ts"

const route = "route: [{destination: {host: shop}}]"

/** One for each rule of VirtualServices. */
export const virtualServiceExamples: readonly Example[] = [
  {
    code: "virtualservice.hosts_invalid",
    fires: bare("VirtualService", `hosts: ["*.example.com", "a.example.com"]\nhttp: [{${route}}]`),
    silent: bare("VirtualService", `hosts: ["*.example.com", "a.example.org"]\nhttp: [{${route}}]`),
  },
  {
    code: "virtualservice.gateways_invalid",
    fires: virtualService(`gateways: ["*/shop"]\nhttp: [{${route}}]`),
    silent: virtualService(`gateways: [istio-system/shop, mesh]\nhttp: [{${route}}]`),
  },
  {
    code: "virtualservice.routes_invalid",
    fires: http("redirect: {uri: /}"),
    silent: virtualService("http: [{redirect: {uri: /}}]"),
  },
  {
    code: "virtualservice.match_invalid",
    fires: http("match: [{uri: {regex: '/(?!admin).*'}}]"),
    silent: http("match: [{uri: {regex: '(?i)/admin.*'}}]"),
  },
  {
    code: "virtualservice.destination_invalid",
    fires: virtualService("http: [{route: [{destination: {host: shop, subset: v_1}}]}]"),
    silent: virtualService("http: [{route: [{destination: {host: shop, subset: v1, port: {number: 80}}}]}]"),
  },
  {
    code: "virtualservice.weights_invalid",
    fires: virtualService("http: [{route: [{destination: {host: a}}, {destination: {host: b}}]}]"),
    silent: virtualService(
      "http: [{route: [{destination: {host: a}}, {destination: {host: b}, weight: 1}]}]",
    ),
  },
  {
    code: "virtualservice.fault_invalid",
    fires: http("fault: {delay: {percentage: {value: 110}, fixedDelay: 5s}}"),
    silent: http("fault: {delay: {percentage: {value: 10}, fixedDelay: 5s}}"),
  },
  {
    code: "virtualservice.retries_invalid",
    fires: http("retries: {attempts: 3, retryOn: '5xx, reset'}"),
    silent: http("retries: {attempts: 3, retryOn: '5xx,reset,503'}"),
  },
  {
    code: "virtualservice.mirror_invalid",
    fires: http("mirrors: [{percentage: {value: 5}}]"),
    silent: http("mirrors: [{destination: {host: shop-next}, percentage: {value: 5}}]"),
  },
  {
    code: "virtualservice.redirect_invalid",
    fires: virtualService("http: [{redirect: {uri: /, redirectCode: 200}}]"),
    silent: virtualService("http: [{redirect: {uri: /, redirectCode: 308}}]"),
  },
  {
    code: "virtualservice.rewrite_invalid",
    fires: http("rewrite: {uri: /, uriRegexRewrite: {match: /a, rewrite: /b}}"),
    silent: http("rewrite: {authority: a.example.com, uriRegexRewrite: {match: /a, rewrite: /b}}"),
  },
  {
    code: "virtualservice.headers_invalid",
    fires: http("headers: {response: {set: {x-share: 100%}}}"),
    silent: http("headers: {response: {set: {x-share: 100%%}}}"),
  },
  {
    code: "virtualservice.cors_invalid",
    fires: http("corsPolicy: {allowOrigins: [{exact: https://a.example.com}], maxAge: 1500ms}"),
    silent: http("corsPolicy: {allowOrigins: [{exact: https://a.example.com}], maxAge: 90s}"),
  },
  {
    code: "virtualservice.export_invalid",
    fires: http("timeout: 5s").replace("spec:", "spec:\n  exportTo: ['*', team]"),
    silent: http("timeout: 5s").replace("spec:", "spec:\n  exportTo: ['.', team]"),
  },
  {
    code: "virtualservice.setting_doubtful",
    fires: http("mirror: {host: shop-next}\nmirrorPercent: 5"),
    silent: http("mirror: {host: shop-next}\nmirrorPercentage: {value: 5}"),
  },
  {
    code: "virtualservice.gateway_old_name",
    fires: virtualService(`gateways: [public.edge.svc.cluster.local]\nhttp: [{${route}}]`),
    silent: virtualService(`gateways: [edge/public]\nhttp: [{${route}}]`),
  },
  {
    code: "virtualservice.rule_unreachable",
    fires: virtualService(
      `http: [{${route}}, {match: [{uri: {prefix: /cart}}], route: [{destination: {host: cart}}]}]`,
    ),
    silent: virtualService(
      `http: [{match: [{uri: {prefix: /cart}}], route: [{destination: {host: cart}}]}, {${route}}]`,
    ),
  },
  {
    code: "virtualservice.match_ineffective",
    fires: http("match: [{uri: {prefix: /cart}}, {uri: {exact: /cart/items}, method: {exact: GET}}]"),
    silent: http("match: [{uri: {prefix: /cart}, method: {exact: POST}}, {uri: {exact: /cart/items}}]"),
  },
]
