import { object, list, string, choice, open, uint32, int32, port } from "../../schema.ts"
import * as rule from "../../constraint/istio.ts"
import { namedPart, pluginPhase, policyTargets, workloadSelector } from "./common.ts"
import { stringMap } from "../common.ts"

const networkFilter = object({ name: string, subFilter: namedPart })

const match = object(
  {
    cluster: object({ name: string, portNumber: uint32, service: string, subset: string }),
    context: choice("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT"),
    listener: object({
      filterChain: object({
        applicationProtocols: string,
        destinationPort: uint32,
        filter: networkFilter,
        name: string,
        sni: string,
        transportProtocol: string,
        transportSocket: string,
      }),
      listenerFilter: string,
      name: string,
      portName: string,
      portNumber: uint32,
    }),
    proxy: object({ metadata: stringMap, proxyVersion: string }),
    routeConfiguration: object({
      gateway: string,
      name: string,
      portName: string,
      portNumber: uint32,
      vhost: object({
        domainName: string,
        name: string,
        route: object({ action: choice("ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE"), name: string }),
      }),
    }),
    waypoint: object({ filter: networkFilter, portNumber: port, route: namedPart }),
  },
  { exclusive: [["listener", "routeConfiguration", "cluster", "waypoint"]], rules: [rule.waypointMatch] },
)

export const envoyFilter = object(
  {
    configPatches: list(
      object({
        applyTo: choice(
          "INVALID",
          "LISTENER",
          "FILTER_CHAIN",
          "NETWORK_FILTER",
          "HTTP_FILTER",
          "ROUTE_CONFIGURATION",
          "VIRTUAL_HOST",
          "HTTP_ROUTE",
          "CLUSTER",
          "EXTENSION_CONFIG",
          "BOOTSTRAP",
          "LISTENER_FILTER",
        ),
        match,
        patch: object({
          filterClass: pluginPhase,
          operation: choice(
            "INVALID",
            "MERGE",
            "ADD",
            "REMOVE",
            "INSERT_BEFORE",
            "INSERT_AFTER",
            "INSERT_FIRST",
            "REPLACE",
            "MERGE_AND_REPLACE_LIST",
          ),
          value: open,
        }),
      }),
    ),
    priority: int32,
    targetRefs: policyTargets,
    workloadSelector,
  },
  { exclusive: [["workloadSelector", "targetRefs"]] },
)
