import { object, text, string, choice, open, int32 } from "../../schema.ts"
import * as form from "../../form.ts"
import {
  failStrategy,
  imagePullPolicy,
  trafficMatches,
  policySelector,
  policyTarget,
  policyTargets,
  pluginType,
  moduleUrl,
  vmConfig,
} from "./common.ts"
import { resourceName } from "../common.ts"

export const wasmPlugin = object(
  {
    failStrategy,
    imagePullPolicy,
    imagePullSecret: resourceName,
    match: trafficMatches,
    phase: choice("UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"),
    pluginConfig: open,
    pluginName: text({ min: 1, max: 256 }),
    priority: int32,
    selector: policySelector,
    sha256: text({ form: form.sha256 }),
    targetRef: policyTarget,
    targetRefs: policyTargets,
    type: pluginType,
    url: moduleUrl,
    verificationKey: string,
    vmConfig,
  },
  { required: ["url"], exclusive: [["selector", "targetRef", "targetRefs"]] },
)
