import { describe, expect, test } from "vitest"
import { skipNote } from "../skip.ts"
import { bedMissing } from "./bed.ts"
import { mismatches } from "./compare.ts"
import { httpMesh } from "./http-mesh.ts"

describe.skipIf(skipNote("the model of routes against istiod and Envoy", bedMissing()))(
  "a random mesh",
  () => {
    test.each([1, 2, 3, 4, 5, 6])(
      "seed %i: the model gives Envoy's route, status and destination for every request",
      async (seed) => {
        expect(await mismatches(httpMesh(seed))).toEqual([])
      },
    )
  },
)
