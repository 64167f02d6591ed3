import type { Deviation } from "../../deviation.ts"

/** Where the anchors are wrong about services. */
export const deviations: readonly Deviation[] = []
