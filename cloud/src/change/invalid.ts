import { AppError } from "#shared/error.ts"

/** One bad field of a request. */
export const invalid = (path: string, message: string): AppError =>
  new AppError("input.invalid", `${path}: ${message}`, { issues: [{ path, message }] })
