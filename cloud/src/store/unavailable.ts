import { AppError } from "#shared/error.ts"

const throttled = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
  "InternalServerError",
])
const unreachable = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOTFOUND", "ETIMEDOUT", "TimeoutError"])

/** The error for a caller when the store does not answer (after the SDK's own retries); undefined for any other. */
export function unavailableOf(error: unknown): AppError | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, code } = error as NodeJS.ErrnoException
  if (!throttled.has(name) && !unreachable.has(name) && !unreachable.has(code ?? "")) return undefined
  const detail = { retryAfterSeconds: 5 }
  return new AppError("unavailable", "the store does not answer now; try again", detail, { cause: error })
}
