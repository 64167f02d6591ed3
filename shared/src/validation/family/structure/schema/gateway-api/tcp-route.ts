import { object, list } from "../../schema.ts"
import * as rule from "../../constraint/gateway-api.ts"
import { parentRefs, plainRule, defaultScope } from "./common.ts"

export const tcpRoute = object(
  { parentRefs, rules: list(plainRule, { min: 1, max: 1 }), useDefaultGateways: defaultScope },
  { required: ["rules"] },
)

export const tcpRouteAlpha = object(
  {
    parentRefs,
    rules: list(plainRule, { min: 1, max: 16, rules: [rule.uniqueRuleNames] }),
    useDefaultGateways: defaultScope,
  },
  { required: ["rules"] },
)
