import { describe, expect, test } from "vitest"
import { deviations } from "#shared/validation/family/security/deviations.ts"
import { security } from "#shared/validation/family/security/family.ts"
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

const families = [security]
const nothing = { missing: [], extra: [] }

const istio = istioCases(["auth."])
const fixtures = kialiFixtures([
  "mtls_enabled_checker",
  "disabled_meshwide_mtls_checker",
  "disabled_namespacewide_mtls_checker",
  "disabled_meshwide_checker",
  "disabled_namespacewide_checker",
  "meshwide_mtls_checker",
  "namespacewide_mtls_checker",
  "traffic_policy_checker",
  "mesh_mtls_checker",
  "namespace_mtls_checker",
  "namespace_method_checker",
  "principals_checker",
])
const integration = kialiIntegration(["KIA0101", "KIA0102", "KIA0104", "KIA0105", "KIA0106"])

describe.skipIf(skipNote("Istio's cases of authorization", istioMissing))("Istio's cases", () => {
  test.each(istio.map((one) => [one.id, one] as const))("%s", (_, one) => {
    expect(runIstioCase(one, families, deviations)).toMatchObject(nothing)
  })
})

describe.skipIf(skipNote("Kiali's cases of security", kialiMissing))("Kiali's cases", () => {
  test.each(fixtures.map((one) => [kialiId(one), one] as const))("%s", (_, one) => {
    expect(runKialiFixture(one, families, deviations)).toMatchObject(nothing)
  })
  test.each(integration.map((one) => [one.test, one] as const))("%s", (_, one) => {
    expect(runKialiIntegration(one, families, deviations)).toMatchObject(nothing)
  })
})

test("every deviation of security is one that a case needs", () => {
  const used = [
    ...istio.flatMap((one) => runIstioCase(one, families, deviations).used),
    ...fixtures.flatMap((one) => runKialiFixture(one, families, deviations).used),
    ...integration.flatMap((one) => runKialiIntegration(one, families, deviations).used),
  ]
  if (kialiMissing === null) expect(used.length).toBe(deviations.length)
})
