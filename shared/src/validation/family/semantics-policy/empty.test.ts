import { describe, expect, test } from "vitest"
import { validateYaml } from "../../testing.ts"
import { semanticsPolicy } from "./family.ts"

const codes = (kind: string, spec: string): string[] =>
  validateYaml(
    `{apiVersion: networking.istio.io/v1, kind: ${kind}, metadata: {name: a, namespace: shop}, spec: {${spec}}}`,
    { families: [semanticsPolicy] },
  ).map(({ code }) => code)

describe("what is written and holds nothing", () => {
  test("is no policy, of the settings of ports", () => {
    expect(codes("DestinationRule", "host: cart, trafficPolicy: {portLevelSettings: []}")).toEqual([
      "destinationrule.policy_invalid",
    ])
  })

  test("does not stand against insecureSkipVerify, of names to verify", () => {
    const tls = (names: string): string =>
      `host: cart, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: ${names}}}`
    expect(codes("DestinationRule", tls("[]"))).not.toContain("destinationrule.tls_invalid")
    expect(codes("DestinationRule", tls("[cart.shop]"))).toContain("destinationrule.tls_invalid")
  })

  test("is no configuration of a filter, without its @type", () => {
    const patch = "applyTo: HTTP_FILTER, patch: {operation: INSERT_FIRST, value: {name: a, typed_config: {}}}"
    expect(codes("EnvoyFilter", `priority: 1, configPatches: [{${patch}}]`)).toEqual([
      "envoyfilter.value_invalid",
    ])
  })
})
