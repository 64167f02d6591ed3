import { object, list } from "../../schema.ts"
import * as rule from "../../constraint/gateway-api.ts"
import { hostname, parentRefs, plainRule, defaultScope } from "./common.ts"

export const tlsRoute = object(
  {
    hostnames: list(hostname, { min: 1, max: 1024, rules: [rule.sniHosts] }),
    parentRefs,
    rules: list(plainRule, { min: 1, max: 1 }),
    useDefaultGateways: defaultScope,
  },
  { required: ["hostnames", "rules"] },
)

export const tlsRouteAlpha = object(
  {
    hostnames: list(hostname, { max: 1024 }),
    parentRefs,
    rules: list(plainRule, { min: 1, max: 16, rules: [rule.uniqueRuleNames] }),
    useDefaultGateways: defaultScope,
  },
  { required: ["rules"] },
)
