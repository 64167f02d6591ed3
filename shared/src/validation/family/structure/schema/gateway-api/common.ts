import { object, list, map, text, string, choice, integer, port } from "../../schema.ts"
import * as rule from "../../constraint/gateway-api.ts"
import * as form from "../../form.ts"
import { group, kind, resourceName, strings, stringMap } from "../common.ts"

export const tlsOptions = map(text({ max: 4096 }), { max: 16 })

export const sectionName = text({ min: 1, max: 253, form: form.dnsName })

export const localReference = object(
  { group, kind, name: resourceName },
  { required: ["group", "kind", "name"] },
)

export const hostname = text({ min: 1, max: 253, form: form.wildcardDnsName })

export const namespace = text({ min: 1, max: 63, form: form.dnsLabel })

export const namespacedReference = object(
  { group, kind, name: resourceName, namespace },
  { required: ["group", "kind", "name"] },
)

export const labelSelector = object({
  matchExpressions: list(
    object({ key: string, operator: string, values: strings }, { required: ["key", "operator"] }),
  ),
  matchLabels: stringMap,
})

export const defaultScope = choice("All", "None")

export const secretReference = object({ group, kind, name: resourceName, namespace }, { required: ["name"] })

export const listeners = list(
  object(
    {
      allowedRoutes: object({
        kinds: list(object({ group, kind }, { required: ["kind"] }), { max: 8 }),
        namespaces: object({ from: choice("All", "Selector", "Same"), selector: labelSelector }),
      }),
      hostname,
      name: sectionName,
      port,
      protocol: text({ min: 1, max: 255, form: form.protocol }),
      tls: object(
        {
          certificateRefs: list(secretReference, { max: 64 }),
          mode: choice("Terminate", "Passthrough"),
          options: tlsOptions,
        },
        { rules: [rule.terminatingTls] },
      ),
    },
    { required: ["name", "port", "protocol"] },
  ),
  { min: 1, max: 64, keys: ["name"], rules: [rule.listeners] },
)

export const hostnames = list(hostname, { max: 16 })

export const parentRefs = list(
  object(
    {
      group,
      kind,
      name: resourceName,
      namespace,
      port,
      sectionName,
    },
    { required: ["name"] },
  ),
  { max: 32, rules: [rule.uniqueParents] },
)

export const headerName = text({ min: 1, max: 256, form: form.headerName })

export const headerValue = text({ min: 1, max: 4096, form: form.headerValue })

export const headerList = list(
  object({ name: headerName, value: headerValue }, { required: ["name", "value"] }),
  { max: 16, keys: ["name"] },
)

export const headerModifier = object({
  add: headerList,
  remove: list(string, { max: 16, keys: [] }),
  set: headerList,
})

export const backendReference = object(
  { group, kind, name: resourceName, namespace, port },
  { required: ["name"], rules: [rule.servicePort] },
)

export const requestMirror = object(
  {
    backendRef: backendReference,
    fraction: object(
      { denominator: integer(1, 2147483647), numerator: integer(0, 2147483647) },
      { required: ["numerator"], rules: [rule.fraction] },
    ),
    percent: integer(0, 100),
  },
  { required: ["backendRef"], exclusive: [["percent", "fraction"]] },
)

export const matchType = choice("Exact", "RegularExpression")

export const routeDuration = text({ form: form.gatewayDuration })

export const sessionPersistence = object(
  {
    absoluteTimeout: routeDuration,
    cookieConfig: object({ lifetimeType: choice("Permanent", "Session") }),
    sessionName: text({ max: 128 }),
    type: choice("Cookie", "Header"),
  },
  { rules: [rule.sessionPersistence] },
)

export const plainRule = object(
  {
    backendRefs: list(
      object(
        {
          group,
          kind,
          name: resourceName,
          namespace,
          port,
          weight: integer(0, 1000000),
        },
        { required: ["name"], rules: [rule.servicePort] },
      ),
      { min: 1, max: 16 },
    ),
    name: sectionName,
  },
  { required: ["backendRefs"] },
)
