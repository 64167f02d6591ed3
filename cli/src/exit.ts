import { AppError, type ErrorCode, errorStatus } from "#shared/error.ts"

/** What the shell is told. */
export const exitCode = {
  ok: 0,
  negative: 1,
  usage: 2,
  unauthenticated: 3,
  denied: 4,
  unreachable: 5,
} as const

/** Wrong flags, arguments or configuration; the message says what to write instead. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "UsageError"
  }
}

/** What was named is not there; the message says what is. */
export class NotFoundError extends Error {
  constructor(message: string) {
    super(message)
    this.name = "NotFoundError"
  }
}

function codeOfStatus(code: ErrorCode): number {
  const status = errorStatus[code]
  if (status === 401) return exitCode.unauthenticated
  if (status === 403 || status === 404) return exitCode.denied
  if (status === 503) return exitCode.unreachable
  return status === 400 ? exitCode.usage : exitCode.negative
}

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCode.usage
  if (error instanceof NotFoundError) return exitCode.denied
  if (error instanceof AppError) return codeOfStatus(error.code)
  return exitCode.negative
}
