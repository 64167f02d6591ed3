import { object, list, string, uint32 } from "../../schema.ts"
import { stringMap, strings } from "../common.ts"
import { serverTls } from "./common.ts"

export const gateway = object({
  selector: stringMap,
  servers: list(
    object(
      {
        bind: string,
        defaultEndpoint: string,
        hosts: strings,
        name: string,
        port: object(
          { name: string, number: uint32, protocol: string, targetPort: uint32 },
          { required: ["number", "protocol", "name"] },
        ),
        tls: serverTls,
      },
      { required: ["port", "hosts"] },
    ),
  ),
})
