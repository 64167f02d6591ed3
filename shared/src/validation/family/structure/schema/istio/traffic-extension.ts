import { object, text, string, open, int32 } from "../../schema.ts"
import * as rule from "../../constraint/istio.ts"
import * as form from "../../form.ts"
import {
  trafficMatches,
  pluginPhase,
  policySelector,
  policyTargets,
  failStrategy,
  imagePullPolicy,
  pluginType,
  moduleUrl,
  vmConfig,
} from "./common.ts"
import { resourceName } from "../common.ts"

export const trafficExtension = object(
  {
    lua: object({ inlineCode: text({ min: 1, max: 65536 }) }, { required: ["inlineCode"] }),
    match: trafficMatches,
    phase: pluginPhase,
    priority: int32,
    selector: policySelector,
    targetRefs: policyTargets,
    wasm: object(
      {
        failStrategy,
        imagePullPolicy,
        imagePullSecret: resourceName,
        pluginConfig: open,
        pluginName: text({ min: 1, max: 256 }),
        sha256: text({ form: form.sha256 }),
        type: pluginType,
        url: moduleUrl,
        verificationKey: string,
        vmConfig,
      },
      { required: ["url"] },
    ),
  },
  {
    exclusive: [
      ["selector", "targetRefs"],
      ["wasm", "lua"],
    ],
    rules: [rule.wasmOrLua],
  },
)
