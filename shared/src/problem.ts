import { z } from "zod"
import { type AppError, type ErrorCode, errorStatus } from "./error.ts"

/** RFC 9457 problem document; the same body goes over HTTP (`application/problem+json`) and over the sockets. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    requestId: z.string(),
    retryAfterSeconds: z.number().optional(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem" })
export type Problem = z.infer<typeof Problem>

/** The problem document of an error; `requestId` lets a reader find it in the logs. */
export function problemOf(error: AppError, requestId: string): Problem {
  const title = error.code.replaceAll(/[._]/g, " ")
  return {
    type: `urn:smm:problem:${error.code}`,
    title: title.charAt(0).toUpperCase() + title.slice(1),
    status: errorStatus[error.code],
    code: error.code,
    detail: error.message,
    requestId,
    ...(error.detail.retryAfterSeconds === undefined
      ? {}
      : { retryAfterSeconds: error.detail.retryAfterSeconds }),
    ...(error.detail.issues === undefined ? {} : { issues: error.detail.issues }),
  }
}
