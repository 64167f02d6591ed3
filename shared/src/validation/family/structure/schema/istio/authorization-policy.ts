import { object, list, text, string, choice } from "../../schema.ts"
import * as rule from "../../constraint/istio.ts"
import { namedPart, policySelector, policyTarget, policyTargets } from "./common.ts"
import { strings } from "../common.ts"

const serviceAccounts = list(text({ max: 320 }), { max: 16 })

export const authorizationPolicy = object(
  {
    action: choice("ALLOW", "DENY", "AUDIT", "CUSTOM"),
    provider: namedPart,
    rules: list(
      object({
        from: list(
          object({
            source: object(
              {
                ipBlocks: strings,
                namespaces: strings,
                notIpBlocks: strings,
                notNamespaces: strings,
                notPrincipals: strings,
                notRemoteIpBlocks: strings,
                notRequestPrincipals: strings,
                notServiceAccounts: serviceAccounts,
                notTrustDomains: strings,
                principals: strings,
                remoteIpBlocks: strings,
                requestPrincipals: strings,
                serviceAccounts,
                trustDomains: strings,
              },
              { rules: [rule.serviceAccountsAlone] },
            ),
          }),
          { max: 512 },
        ),
        to: list(
          object({
            operation: object({
              hosts: strings,
              methods: strings,
              notHosts: strings,
              notMethods: strings,
              notPaths: strings,
              notPorts: strings,
              paths: strings,
              ports: strings,
            }),
          }),
        ),
        when: list(object({ key: string, notValues: strings, values: strings }, { required: ["key"] })),
      }),
      { max: 512 },
    ),
    selector: policySelector,
    targetRef: policyTarget,
    targetRefs: policyTargets,
  },
  { exclusive: [["selector", "targetRef", "targetRefs"]] },
)
