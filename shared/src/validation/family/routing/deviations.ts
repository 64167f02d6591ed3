import type { Deviation } from "../../deviation.ts"

/** Where Istio's or Kiali's own tests expect of routing what is not so. */
export const deviations: readonly Deviation[] = [
  {
    corpus: "istio/cases",
    case: "virtualservicedestinationhosts",
    kind: "missing",
    code: "IST0101",
    resource: "VirtualService default/reviews-bogushost",
    reason:
      "An entry without a destination is invalid in itself, which the semantic check says (IST0106); there is no host to look for",
  },
  ...["a", "b"].map((letter): Deviation => ({
    corpus: "kiali/integration",
    case: "tests/integration/tests/config_validations_test.go:TestVirtualServiceSidecarImportSkipsForeignMultimatch",
    kind: "extra",
    code: "KIA1106",
    resource: `VirtualService bookinfo/kiali-test-foreign-vs-${letter}`,
    reason:
      "A Sidecar imports VirtualServices by their own namespace: ./* takes both, and with them the service they route to (pilot SelectVirtualServices, collectImportedServices). Both claim the host for clients in bookinfo, and one of them is ignored",
  })),
]
