import { describe, expect, test } from "vitest"
import type { Deviation } from "#shared/validation/deviation.ts"
import { deviations as ofGatewayApi } from "#shared/validation/family/gateway-api/deviations.ts"
import { gatewayApi } from "#shared/validation/family/gateway-api/family.ts"
import { deviations as ofServices } from "#shared/validation/family/services/deviations.ts"
import { services } from "#shared/validation/family/services/family.ts"
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

const families = [services, gatewayApi]
const deviations: readonly Deviation[] = [...ofServices, ...ofGatewayApi]
const nothing = { missing: [], extra: [] }

const analyzers = [
  "destinationrule.SubsetSelectPod",
  "serviceentry.",
  "sidecar.",
  "telemetry.",
  "services.MultiCluster",
  "conditions.",
  "k8sgateway.",
]
const istio = istioCases(analyzers).filter(({ analyzer }) => analyzer.name !== "k8sgateway.SelectorAnalyzer")

const checkers = ["export_to_namespace_checker", "no_dest_checker"]
const fixtures = kialiFixtures(checkers)

const codes = ["KIA0201", "KIA0202", "KIA0203", "KIA0209", "KIA1004", "KIA1006", "KIA1211", "KIA1212"]
const routes = ["KIA1401", "KIA1402", "KIA1501", "KIA1502", "KIA1504", "KIA1601"]
const integration = kialiIntegration([...codes, ...routes])

describe.skipIf(skipNote("Istio's cases of services", istioMissing))("Istio's cases", () => {
  test.each(istio.map((one) => [one.id, one] as const))("%s", (_, one) => {
    expect(runIstioCase(one, families, deviations)).toMatchObject(nothing)
  })
})

describe.skipIf(skipNote("Kiali's cases of services", kialiMissing))("Kiali's cases", () => {
  test.each(fixtures.map((one) => [kialiId(one), one] as const))("%s", (_, one) => {
    expect(runKialiFixture(one, families, deviations)).toMatchObject(nothing)
  })
  test.each(integration.map((one) => [one.test, one] as const))("%s", (_, one) => {
    expect(runKialiIntegration(one, families, deviations)).toMatchObject(nothing)
  })
})

test("every deviation of services and Gateway API is one that a case needs", () => {
  const used = [
    ...istio.flatMap((one) => runIstioCase(one, families, deviations).used),
    ...fixtures.flatMap((one) => runKialiFixture(one, families, deviations).used),
    ...integration.flatMap((one) => runKialiIntegration(one, families, deviations).used),
  ]
  if (istioMissing === null)
    expect(new Set(used.map((one) => `${one.case} ${one.code} ${one.resource}`)).size).toBe(deviations.length)
})
