import { object, list, text, choice, uint32, port } from "../../schema.ts"
import * as rule from "../../constraint/istio.ts"
import { workloadAddress, workloadLabels, workloadPorts, workloadSelector } from "./common.ts"
import { strings } from "../common.ts"

export const serviceEntry = object(
  {
    addresses: list(text({ max: 64 }), { max: 256 }),
    endpoints: list(
      object(
        {
          address: workloadAddress,
          labels: workloadLabels,
          locality: text({ max: 2048 }),
          network: text({ max: 2048 }),
          ports: workloadPorts,
          serviceAccount: text({ max: 253 }),
          weight: uint32,
        },
        { rules: [rule.addressOrNetwork, rule.unixWithoutPorts] },
      ),
      { max: 4096 },
    ),
    exportTo: strings,
    hosts: list(text({ rules: [rule.notEveryHost] }), { min: 1, max: 256 }),
    location: choice("MESH_EXTERNAL", "MESH_INTERNAL"),
    ports: list(
      object(
        { name: text({ max: 256 }), number: port, protocol: text({ max: 256 }), targetPort: port },
        { required: ["number", "name"] },
      ),
      { max: 256, keys: ["name"], rules: [rule.uniquePortNumbers] },
    ),
    resolution: choice("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
    subjectAltNames: strings,
    workloadSelector,
  },
  {
    required: ["hosts"],
    exclusive: [["workloadSelector", "endpoints"]],
    rules: [rule.endpointsByResolution],
  },
)
