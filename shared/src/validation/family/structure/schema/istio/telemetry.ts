import { object, list, map, string, choice, decimal, boolean } from "../../schema.ts"
import { duration } from "../../duration.ts"
import * as rule from "../../constraint/istio.ts"
import { nonEmpty, policySelector, policyTarget, policyTargets } from "./common.ts"

const direction = choice("CLIENT_AND_SERVER", "CLIENT", "SERVER")

const directionMatch = object({ mode: direction })

const providers = list(object({ name: nonEmpty }, { required: ["name"] }))

const tagSource = object({ defaultValue: string, name: nonEmpty }, { required: ["name"] })

const tagText = object({ value: nonEmpty }, { required: ["value"] })

export const telemetry = object(
  {
    accessLogging: list(
      object({
        disabled: boolean,
        filter: object({ expression: string }),
        match: directionMatch,
        providers,
      }),
    ),
    metrics: list(
      object({
        overrides: list(
          object({
            disabled: boolean,
            match: object(
              {
                customMetric: nonEmpty,
                metric: choice(
                  "ALL_METRICS",
                  "REQUEST_COUNT",
                  "REQUEST_DURATION",
                  "REQUEST_SIZE",
                  "RESPONSE_SIZE",
                  "TCP_OPENED_CONNECTIONS",
                  "TCP_CLOSED_CONNECTIONS",
                  "TCP_SENT_BYTES",
                  "TCP_RECEIVED_BYTES",
                  "GRPC_REQUEST_MESSAGES",
                  "GRPC_RESPONSE_MESSAGES",
                ),
                mode: direction,
              },
              { exclusive: [["metric", "customMetric"]] },
            ),
            tagOverrides: map(
              object({ operation: choice("UPSERT", "REMOVE"), value: string }, { rules: [rule.tagValue] }),
            ),
          }),
        ),
        providers,
        reportingInterval: duration,
      }),
    ),
    selector: policySelector,
    targetRef: policyTarget,
    targetRefs: policyTargets,
    tracing: list(
      object({
        customTags: map(
          object(
            { environment: tagSource, formatter: tagText, header: tagSource, literal: tagText },
            { exclusive: [["literal", "environment", "header", "formatter"]] },
          ),
        ),
        disableContextPropagation: boolean,
        disableSpanReporting: boolean,
        enableIstioTags: boolean,
        match: directionMatch,
        providers,
        randomSamplingPercentage: decimal(0, 100),
        useRequestIdForTraceSampling: boolean,
      }),
    ),
  },
  { exclusive: [["selector", "targetRef", "targetRefs"]] },
)
