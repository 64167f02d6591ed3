import { z } from "zod"

/** Undo by itself when a bound is exceeded for so long, within so much time. At least one bound. */
export const Guard = z
  .strictObject({
    /** Of the requests to the services that the change is about, 0..100. */
    errorsPercent: z.number().min(0).max(100).nullable(),
    p95Ms: z.number().positive().nullable(),
    forMs: z.int().min(0).max(3_600_000),
    withinMs: z.int().min(10_000).max(86_400_000),
  })
  .refine(({ errorsPercent, p95Ms }) => errorsPercent !== null || p95Ms !== null, {
    error: "a guard wants a bound: errorsPercent or p95Ms",
  })
  .meta({ id: "Guard" })
export type Guard = z.infer<typeof Guard>
