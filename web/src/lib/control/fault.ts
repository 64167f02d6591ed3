import type { FaultForm } from "#shared/edit/form.ts"

/** What a fault begins with when it is switched on: small enough to look at first. */
export const newDelay: NonNullable<FaultForm["delay"]> = { percent: 10, fixedDelay: "2s" }
export const newAbort: NonNullable<FaultForm["abort"]> = { percent: 10, httpStatus: 503 }

/** A fault is left behind easily: it ends by itself unless somebody wants it to stay. */
export const usualExpiryMs = 1_800_000

/** Codes that tests of resilience ask for most. */
export const grpcStatuses = [
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
  "INTERNAL",
  "ABORTED",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
  "FAILED_PRECONDITION",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "DATA_LOSS",
] as const

/** Only what is a fault, of a form that also says where. */
export const faultOf = ({ delay, abort }: FaultForm): FaultForm => ({
  ...(delay === undefined ? {} : { delay }),
  ...(abort === undefined ? {} : { abort }),
})

/** The abort with another answer: HTTP and gRPC exclude each other. */
export function withAnswer(
  abort: NonNullable<FaultForm["abort"]>,
  answer: { httpStatus: number } | { grpcStatus: string },
): NonNullable<FaultForm["abort"]> {
  return { percent: abort.percent, ...answer }
}
