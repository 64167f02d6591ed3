import type { Deviation } from "../../deviation.ts"

/** Where the anchors are wrong about the Gateway API. */
export const deviations: readonly Deviation[] = []
