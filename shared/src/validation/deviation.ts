/** A place where we differ from an anchor on purpose: its corpus expects something else than what is true. Each needs a reason, and is used by the corpus test. */
export type Deviation = {
  corpus:
    | "istio/cases"
    | "istio/validation"
    | "istio/crds"
    | "kiali/fixtures"
    | "kiali/integration"
    | "kiali/visibility"
  /** The case's id in the corpus; for a row of a table `file:line name`. */
  case: string
  /** `missing`: the anchor expects it and we do not say it; `extra`: we say it and the anchor expects silence. */
  kind: "missing" | "extra"
  code: string
  resource: string
  reason: string
  issue?: string
}
