import { object, map, text, string, integer } from "../../schema.ts"
import { policySelector } from "./common.ts"

export const proxyConfig = object({
  concurrency: integer(0, 2147483647),
  environmentVariables: map(text({ max: 2048 })),
  image: object({ imageType: string }),
  selector: policySelector,
})
