import { describe, expect, test } from "vitest"
import { deviations } from "#shared/validation/family/routing/deviations.ts"
import { routing } from "#shared/validation/family/routing/family.ts"
import { skipNote } from "#test/real/skip.ts"
import { istioCases, istioMissing, runIstioCase } from "./istio-cases.ts"
import {
  kialiFixtures,
  kialiIntegration,
  kialiId,
  kialiMissing,
  runKialiFixture,
  runKialiIntegration,
} from "./kiali.ts"

const families = [routing]
const nothing = { missing: [], extra: [] }

describe.skipIf(skipNote("Istio's cases of routing", istioMissing))("Istio's cases", () => {
  test.each(istioCases(["virtualservice.", "gateway."]).map((one) => [one.id, one] as const))(
    "%s",
    (_, one) => {
      expect(runIstioCase(one, families, deviations)).toMatchObject(nothing)
    },
  )
})

describe.skipIf(skipNote("Kiali's cases of routing", kialiMissing))("Kiali's cases", () => {
  const checkers = ["no_gateway_checker", "subset_presence_checker", "no_host_checker"]
  test.each(kialiFixtures(checkers).map((one) => [kialiId(one), one] as const))("%s", (_, one) => {
    expect(runKialiFixture(one, families, deviations)).toMatchObject(nothing)
  })
  test.each(kialiIntegration(["KIA1106"]).map((one) => [one.test, one] as const))("%s", (_, one) => {
    expect(runKialiIntegration(one, families, deviations)).toMatchObject(nothing)
  })
})

test("every deviation of routing is one that a case needs", () => {
  const used = [
    ...istioCases().flatMap((one) => runIstioCase(one, families, deviations).used),
    ...kialiFixtures().flatMap((one) => runKialiFixture(one, families, deviations).used),
    ...kialiIntegration().flatMap((one) => runKialiIntegration(one, families, deviations).used),
  ]
  if (istioMissing === null)
    expect(new Set(used.map((one) => `${one.case} ${one.code} ${one.resource}`)).size).toBe(deviations.length)
})
