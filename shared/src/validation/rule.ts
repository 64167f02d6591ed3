import type { Level } from "./finding.ts"

/**
 * One condition that a check may find. Codes are stable and never reused: a domain, a dot, the condition
 * (`virtualservice.subset_unknown`). Texts are for people, without a full stop.
 */
export type Rule = {
  code: string
  /** The same condition's codes in `istioctl analyze` (IST0101) and Kiali (KIA1107). */
  aliases: readonly string[]
  level: Level
  /** The cause, as a group of findings is headed: "Subset is in no DestinationRule". */
  title: string
  /** What Istio or Kubernetes does because of it, in one sentence. */
  effect: string
  /** What a person does about it, in one sentence. */
  remedy: string
  /** A document that defines the behaviour, where there is one. */
  source?: string
}

export const rule = (definition: Rule): Rule => definition
