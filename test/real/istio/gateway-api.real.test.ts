import { describe, expect, test } from "vitest"
import { freePorts } from "../kube/guarded-process.ts"
import { skipNote } from "../skip.ts"
import { bedMissing } from "./bed.ts"
import { mismatches } from "./compare.ts"
import { gatewayApiMesh } from "./gateway-api-mesh.ts"

describe.skipIf(skipNote("the model of the Gateway API against istiod and Envoy", bedMissing()))(
  "HTTPRoutes of a gateway and of services",
  () => {
    test.each([1, 2, 3])(
      "seed %i: the model gives Envoy's route, status and destination for every request",
      async (seed) => {
        expect(await mismatches(gatewayApiMesh(seed, await freePorts(2)))).toEqual([])
      },
    )
  },
)
