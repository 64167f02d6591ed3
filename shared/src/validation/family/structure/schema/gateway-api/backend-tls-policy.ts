import { object, list, text, choice } from "../../schema.ts"
import * as rule from "../../constraint/gateway-api.ts"
import * as form from "../../form.ts"
import { tlsOptions, sectionName, localReference, hostname } from "./common.ts"
import { group, kind, resourceName } from "../common.ts"

export const backendTlsPolicy = object(
  {
    options: tlsOptions,
    targetRefs: list(
      object({ group, kind, name: resourceName, sectionName }, { required: ["group", "kind", "name"] }),
      { min: 1, max: 16, rules: [rule.uniqueTargets] },
    ),
    validation: object(
      {
        caCertificateRefs: list(localReference, { max: 8 }),
        hostname: sectionName,
        subjectAltNames: list(
          object(
            {
              hostname,
              type: choice("Hostname", "URI"),
              uri: text({ min: 1, max: 253, form: form.uri }),
            },
            { required: ["type"], rules: [rule.alternativeName] },
          ),
          { max: 5 },
        ),
        wellKnownCACertificates: text({ min: 1, max: 253, form: form.wellKnownCertificates }),
      },
      { required: ["hostname"], rules: [rule.certificateSource] },
    ),
  },
  { required: ["targetRefs", "validation"] },
)
