import type { Deviation } from "../../deviation.ts"

/** Where Istio's validation of these kinds says something else than what is true. */
export const deviations: readonly Deviation[] = []
