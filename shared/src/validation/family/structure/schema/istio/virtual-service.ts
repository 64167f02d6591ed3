import { object, list, map, text, string, choice, decimal, boolean, uint32, int32 } from "../../schema.ts"
import { duration } from "../../duration.ts"
import * as form from "../../form.ts"
import { stringMap, strings } from "../common.ts"
import { destination } from "./common.ts"

const stringMatch = object(
  { exact: string, prefix: string, regex: string },
  { exclusive: [["exact", "prefix", "regex"]] },
)

const percentage = object({ value: decimal(-Infinity, Infinity) })

const headerChanges = object({ add: stringMap, remove: strings, set: stringMap })

const headers = object({ request: headerChanges, response: headerChanges })

const stringMatches = map(stringMatch)

const http = object({
  corsPolicy: object({
    allowCredentials: boolean,
    allowHeaders: strings,
    allowMethods: strings,
    allowOrigin: strings,
    allowOrigins: list(stringMatch),
    exposeHeaders: strings,
    maxAge: duration,
    unmatchedPreflights: choice("UNSPECIFIED", "FORWARD", "IGNORE"),
  }),
  delegate: object({ name: string, namespace: string }),
  directResponse: object(
    {
      body: object({ bytes: text({ form: form.base64 }), string }, { exclusive: [["string", "bytes"]] }),
      status: uint32,
    },
    { required: ["status"] },
  ),
  fault: object({
    abort: object(
      { grpcStatus: string, http2Error: string, httpStatus: int32, percentage },
      { exclusive: [["httpStatus", "grpcStatus", "http2Error"]] },
    ),
    delay: object(
      { exponentialDelay: duration, fixedDelay: duration, percent: int32, percentage },
      { exclusive: [["fixedDelay", "exponentialDelay"]] },
    ),
  }),
  headers,
  match: list(
    object({
      authority: stringMatch,
      gateways: strings,
      headers: stringMatches,
      ignoreUriCase: boolean,
      method: stringMatch,
      name: string,
      port: uint32,
      queryParams: stringMatches,
      scheme: stringMatch,
      sourceLabels: stringMap,
      sourceNamespace: string,
      statPrefix: string,
      uri: stringMatch,
      withoutHeaders: stringMatches,
    }),
  ),
  mirror: destination,
  mirror_percent: uint32,
  mirrorPercent: uint32,
  mirrorPercentage: percentage,
  mirrors: list(object({ destination, percentage }, { required: ["destination"] })),
  name: string,
  redirect: object(
    {
      authority: string,
      derivePort: choice("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
      port: uint32,
      prefixRewrite: string,
      redirectCode: uint32,
      scheme: string,
      uri: string,
    },
    { exclusive: [["port", "derivePort"]] },
  ),
  retries: object({
    attempts: int32,
    backoff: duration,
    perTryTimeout: duration,
    retryIgnorePreviousHosts: boolean,
    retryOn: string,
    retryRemoteLocalities: boolean,
  }),
  rewrite: object({
    authority: string,
    uri: string,
    uriRegexRewrite: object({ match: string, rewrite: string }),
  }),
  route: list(object({ destination, headers, weight: int32 }, { required: ["destination"] })),
  timeout: duration,
})

const routeDestinations = list(object({ destination, weight: int32 }, { required: ["destination"] }))

export const virtualService = object({
  exportTo: strings,
  gateways: strings,
  hosts: strings,
  http: list(http),
  tcp: list(
    object({
      match: list(
        object({
          destinationSubnets: strings,
          gateways: strings,
          port: uint32,
          sourceLabels: stringMap,
          sourceNamespace: string,
          sourceSubnet: string,
        }),
      ),
      route: routeDestinations,
    }),
  ),
  tls: list(
    object(
      {
        match: list(
          object(
            {
              destinationSubnets: strings,
              gateways: strings,
              port: uint32,
              sniHosts: strings,
              sourceLabels: stringMap,
              sourceNamespace: string,
            },
            { required: ["sniHosts"] },
          ),
        ),
        route: routeDestinations,
      },
      { required: ["match"] },
    ),
  ),
})
