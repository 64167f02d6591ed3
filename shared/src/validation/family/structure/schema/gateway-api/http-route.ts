import { object, list, text, string, choice, integer, boolean, port } from "../../schema.ts"
import * as rule from "../../constraint/gateway-api.ts"
import * as form from "../../form.ts"
import {
  headerName,
  localReference,
  backendReference,
  headerModifier,
  requestMirror,
  sectionName,
  namespace,
  matchType,
  headerValue,
  routeDuration,
  sessionPersistence,
  hostnames,
  parentRefs,
  defaultScope,
} from "./common.ts"
import { group, kind, resourceName } from "../common.ts"

const headerNames = list(string, { max: 64, keys: [] })

const pathModifier = object(
  {
    replaceFullPath: text({ max: 1024 }),
    replacePrefixMatch: text({ max: 1024 }),
    type: choice("ReplaceFullPath", "ReplacePrefixMatch"),
  },
  { required: ["type"], rules: [rule.pathModifier] },
)

const filter = object(
  {
    cors: object({
      allowCredentials: boolean,
      allowHeaders: list(headerName, { max: 64, keys: [], rules: [rule.starAlone] }),
      allowMethods: list(
        choice("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"),
        { max: 9, keys: [], rules: [rule.starAlone] },
      ),
      allowOrigins: list(text({ min: 1, max: 253, form: form.origin }), {
        max: 64,
        keys: [],
        rules: [rule.starAlone],
      }),
      exposeHeaders: list(headerName, { max: 64, keys: [] }),
      maxAge: integer(1, 2147483647),
    }),
    extensionRef: localReference,
    externalAuth: object(
      {
        backendRef: backendReference,
        forwardBody: object({ maxSize: integer(-Infinity, Infinity) }),
        grpc: object({ allowedHeaders: headerNames }),
        http: object({
          allowedHeaders: headerNames,
          allowedResponseHeaders: headerNames,
          path: text({ max: 1024, form: form.pathCharacters }),
        }),
        protocol: choice("HTTP", "GRPC"),
      },
      { required: ["backendRef", "protocol"], rules: [rule.authProtocol] },
    ),
    requestHeaderModifier: headerModifier,
    requestMirror,
    requestRedirect: object({
      hostname: sectionName,
      path: pathModifier,
      port,
      scheme: choice("http", "https"),
      statusCode: integer(-Infinity, Infinity, [301, 302, 303, 307, 308]),
    }),
    responseHeaderModifier: headerModifier,
    type: choice(
      "RequestHeaderModifier",
      "ResponseHeaderModifier",
      "RequestMirror",
      "RequestRedirect",
      "URLRewrite",
      "ExtensionRef",
      "CORS",
      "ExternalAuth",
    ),
    urlRewrite: object({ hostname: sectionName, path: pathModifier }),
  },
  { required: ["type"], rules: [rule.httpFilter] },
)

const httpFilters = list(filter, { max: 16, rules: [rule.filters] })

const httpRule = object(
  {
    backendRefs: list(
      object(
        {
          filters: httpFilters,
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
    filters: httpFilters,
    matches: list(
      object({
        headers: list(
          object({ name: headerName, type: matchType, value: headerValue }, { required: ["name", "value"] }),
          { max: 16, keys: ["name"] },
        ),
        method: choice("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
        path: object(
          { type: choice("Exact", "PathPrefix", "RegularExpression"), value: text({ max: 1024 }) },
          { rules: [rule.pathMatch] },
        ),
        queryParams: list(
          object(
            { name: headerName, type: matchType, value: text({ min: 1, max: 1024 }) },
            { required: ["name", "value"] },
          ),
          { max: 16, keys: ["name"] },
        ),
      }),
      { max: 64 },
    ),
    name: sectionName,
    retry: object({
      attempts: integer(1, Infinity),
      backoff: routeDuration,
      codes: list(integer(400, 599), { keys: [] }),
    }),
    sessionPersistence,
    timeouts: object({ backendRequest: routeDuration, request: routeDuration }, { rules: [rule.timeouts] }),
  },
  { rules: [rule.httpRule] },
)

export const httpRoute = object({
  hostnames,
  parentRefs,
  rules: list(httpRule, { min: 1, max: 16, rules: [rule.totalMatches, rule.uniqueRuleNames] }),
  useDefaultGateways: defaultScope,
})
