import type { Deviation } from "../../deviation.ts"

const table = "pkg/config/validation/validation_test.go"

/** Where we say something else of one object's traffic configuration than Istio does. */
export const deviations: readonly Deviation[] = [
  {
    corpus: "istio/validation",
    case: `${table}:2584 uri-with-prefix-exact`,
    kind: "extra",
    code: "IST0131",
    resource: "VirtualService x",
    reason:
      "The prefix / takes every path, so an exact path after it changes nothing; Istio compares prefixes with prefixes only",
    issue: "https://github.com/istio/istio/issues/36245",
  },
  {
    corpus: "istio/cases",
    case: "dupmatches",
    kind: "extra",
    code: "IST0131",
    resource: "VirtualService uri-with-prefix-exact",
    reason:
      "The prefix / takes every path, so an exact path after it changes nothing; Istio compares prefixes with prefixes only",
    issue: "https://github.com/istio/istio/issues/36245",
  },
  {
    corpus: "istio/cases",
    case: "dupmatches",
    kind: "extra",
    code: "IST0130",
    resource: "VirtualService overlapping-in-two-matches",
    reason:
      "The only match of the second route is within the first's, so the route is never used; Istio says so of literally equal matches only",
    issue: "https://github.com/istio/istio/issues/27130",
  },
]
