import type { Deviation } from "../../deviation.ts"

const table = "pkg/config/validation/validation_test.go"

/** Where we say something else of one object's traffic configuration than Istio does. */
export const deviations: readonly Deviation[] = [
  {
    corpus: "istio/validation",
    case: `${table}:2561 non-method-get`,
    kind: "missing",
    code: "IST0133",
    resource: "VirtualService x",
    reason:
      "A match that repeats an earlier one of its own route does no harm; as istioctl analyze, and unlike the webhook, we note it (IST0131, info)",
  },
  ...["4406 protocol unset for addresses empty", "4419 protocol is TCP for addresses empty"].map(
    (row): Deviation => ({
      corpus: "istio/validation",
      case: `${table}:${row}`,
      kind: "missing",
      code: "IST0133",
      resource: "ServiceEntry bar/foo",
      reason:
        "It is said once, by the rule of IST0134 (serviceentry.addresses_missing), which also knows whether proxies of the mesh answer DNS",
    }),
  ),
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
