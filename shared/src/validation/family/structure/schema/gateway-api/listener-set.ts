import { object } from "../../schema.ts"
import { listeners, secretReference } from "./common.ts"

export const listenerSet = object(
  { listeners, parentRef: secretReference },
  { required: ["listeners", "parentRef"] },
)
