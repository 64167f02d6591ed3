import { object, list, text, choice, integer, port } from "../../schema.ts"
import * as rule from "../../constraint/gateway-api.ts"
import {
  localReference,
  headerModifier,
  requestMirror,
  hostnames,
  parentRefs,
  namespace,
  headerName,
  matchType,
  sectionName,
  sessionPersistence,
  defaultScope,
} from "./common.ts"
import { group, kind, resourceName } from "../common.ts"

const grpcFilters = list(
  object(
    {
      extensionRef: localReference,
      requestHeaderModifier: headerModifier,
      requestMirror,
      responseHeaderModifier: headerModifier,
      type: choice("ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"),
    },
    { required: ["type"], rules: [rule.grpcFilter] },
  ),
  { max: 16, rules: [rule.filters] },
)

export const grpcRoute = object({
  hostnames,
  parentRefs,
  rules: list(
    object({
      backendRefs: list(
        object(
          {
            filters: grpcFilters,
            group,
            kind,
            name: resourceName,
            namespace,
            port,
            weight: integer(0, 1000000),
          },
          { required: ["name"], rules: [rule.servicePort] },
        ),
        { max: 16 },
      ),
      filters: grpcFilters,
      matches: list(
        object({
          headers: list(
            object(
              { name: headerName, type: matchType, value: text({ min: 1, max: 4096 }) },
              { required: ["name", "value"] },
            ),
            { max: 16, keys: ["name"] },
          ),
          method: object(
            { method: text({ max: 1024 }), service: text({ max: 1024 }), type: matchType },
            { rules: [rule.grpcMethod] },
          ),
        }),
        { max: 64 },
      ),
      name: sectionName,
      sessionPersistence,
    }),
    { max: 16, rules: [rule.totalMatches, rule.uniqueRuleNames] },
  ),
  useDefaultGateways: defaultScope,
})
