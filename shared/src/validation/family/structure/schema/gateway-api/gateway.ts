import { object, list, map, text, choice, port } from "../../schema.ts"
import * as rule from "../../constraint/gateway-api.ts"
import * as form from "../../form.ts"
import {
  namespacedReference,
  labelSelector,
  defaultScope,
  localReference,
  listeners,
  secretReference,
} from "./common.ts"
import { resourceName } from "../common.ts"

const frontendTls = object({
  validation: object(
    {
      caCertificateRefs: list(namespacedReference, { min: 1, max: 16 }),
      mode: choice("AllowValidOnly", "AllowInsecureFallback"),
    },
    { required: ["caCertificateRefs"] },
  ),
})

export const gateway = object(
  {
    addresses: list(
      object(
        { type: text({ min: 1, max: 253, form: form.addressType }), value: text({ max: 253 }) },
        { rules: [rule.addressValue] },
      ),
      { max: 16, rules: [rule.uniqueAddresses] },
    ),
    allowedListeners: object({
      namespaces: object({ from: choice("All", "Selector", "Same", "None"), selector: labelSelector }),
    }),
    defaultScope,
    gatewayClassName: resourceName,
    infrastructure: object({
      annotations: map(text({ max: 4096 }), { max: 16, rules: [rule.qualifiedKeys] }),
      labels: map(text({ max: 63, form: form.labelValue }), { max: 8, rules: [rule.qualifiedKeys] }),
      parametersRef: localReference,
    }),
    listeners,
    tls: object({
      backend: object({ clientCertificateRef: secretReference }),
      frontend: object(
        {
          default: frontendTls,
          perPort: list(object({ port, tls: frontendTls }, { required: ["port", "tls"] }), {
            max: 64,
            keys: ["port"],
          }),
        },
        { required: ["default"] },
      ),
    }),
  },
  { required: ["gatewayClassName", "listeners"] },
)
