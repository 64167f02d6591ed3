import { object, list } from "../../schema.ts"
import { group, kind, resourceName } from "../common.ts"
import { namespace } from "./common.ts"

export const referenceGrant = object(
  {
    from: list(object({ group, kind, namespace }, { required: ["group", "kind", "namespace"] }), {
      min: 1,
      max: 16,
    }),
    to: list(object({ group, kind, name: resourceName }, { required: ["group", "kind"] }), {
      min: 1,
      max: 16,
    }),
  },
  { required: ["from", "to"] },
)
