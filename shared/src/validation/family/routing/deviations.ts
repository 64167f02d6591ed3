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
]
