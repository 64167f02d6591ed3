import { object, list, text, string, choice, boolean } from "../../schema.ts"
import { duration } from "../../duration.ts"
import * as rule from "../../constraint/istio.ts"
import * as form from "../../form.ts"
import { nonEmptyList, nonEmpty, policySelector, policyTarget, policyTargets } from "./common.ts"

const jwksUri = text({ min: 1, max: 2048, rules: [rule.httpUrl] })

export const requestAuthentication = object(
  {
    jwtRules: list(
      object(
        {
          audiences: nonEmptyList,
          forwardOriginalToken: boolean,
          fromCookies: nonEmptyList,
          fromHeaders: list(object({ name: nonEmpty, prefix: string }, { required: ["name"] })),
          fromParams: nonEmptyList,
          issuer: nonEmpty,
          jwks: string,
          jwks_uri: jwksUri,
          jwksUri,
          outputClaimToHeaders: list(
            object(
              { claim: nonEmpty, header: text({ min: 1, form: form.token }) },
              { required: ["header", "claim"] },
            ),
          ),
          outputPayloadToHeader: string,
          presence: choice("OPTIONAL", "REQUIRED"),
          spaceDelimitedClaims: list(nonEmpty, { max: 64 }),
          timeout: duration,
        },
        { exclusive: [["jwksUri", "jwks_uri", "jwks"]] },
      ),
      { max: 4096 },
    ),
    selector: policySelector,
    targetRef: policyTarget,
    targetRefs: policyTargets,
  },
  { exclusive: [["selector", "targetRef", "targetRefs"]] },
)
