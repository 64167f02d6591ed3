import { object, text, uint32 } from "../../schema.ts"
import * as rule from "../../constraint/istio.ts"
import { workloadAddress, workloadLabels, workloadPorts } from "./common.ts"

export const workloadEntry = object(
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
)
