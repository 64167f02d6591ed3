import { object, list, text, string, choice, integer, uint32, port } from "../../schema.ts"
import * as rule from "../../constraint/istio.ts"
import * as form from "../../form.ts"
import { workloadLabels, nonEmptyList, workloadAddress, workloadPorts } from "./common.ts"

export const workloadGroup = object(
  {
    metadata: object({ annotations: workloadLabels, labels: workloadLabels }),
    probe: object(
      {
        exec: object({ command: nonEmptyList }, { required: ["command"] }),
        failureThreshold: integer(0, 2147483647),
        grpc: object({ port, service: string }),
        httpGet: object(
          {
            host: string,
            httpHeaders: list(object({ name: text({ form: form.token }), value: string })),
            path: string,
            port,
            scheme: choice("", "HTTP", "HTTPS"),
          },
          { required: ["port"] },
        ),
        initialDelaySeconds: integer(0, 2147483647),
        periodSeconds: integer(0, 2147483647),
        successThreshold: integer(0, 2147483647),
        tcpSocket: object({ host: string, port }, { required: ["port"] }),
        timeoutSeconds: integer(0, 2147483647),
      },
      { exclusive: [["httpGet", "tcpSocket", "exec", "grpc"]] },
    ),
    template: object(
      {
        address: workloadAddress,
        labels: workloadLabels,
        locality: text({ max: 2048 }),
        network: text({ max: 2048 }),
        ports: workloadPorts,
        serviceAccount: text({ max: 253 }),
        weight: uint32,
      },
      { rules: [rule.unixWithoutPorts] },
    ),
  },
  { required: ["template"] },
)
