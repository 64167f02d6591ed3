import { object, text } from "../../schema.ts"
import * as form from "../../form.ts"
import { namespacedReference } from "./common.ts"

export const gatewayClass = object(
  {
    controllerName: text({ min: 1, max: 253, form: form.domainPath }),
    description: text({ max: 64 }),
    parametersRef: namespacedReference,
  },
  { required: ["controllerName"] },
)
