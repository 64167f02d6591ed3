/** Every error code the product answers with, and its HTTP status. Codes are stable: clients switch on them. */
export const errorStatus = {
  "input.invalid": 400,
  "input.too_large": 413,
  "auth.required": 401,
  "auth.expired": 401,
  "auth.denied": 403,
  "auth.origin": 403,
  "organization.not_found": 404,
  "member.not_found": 404,
  "member.exists": 409,
  "member.last_owner": 409,
  "token.not_found": 404,
  "suppression.not_found": 404,
  "suppression.too_many": 409,
  "cluster.not_found": 404,
  "cluster.name_taken": 409,
  "cluster.already_joined": 409,
  "object.not_found": 404,
  "kind.not_found": 404,
  "service.not_found": 404,
  "workload.not_found": 404,
  "cursor.invalid": 400,
  "join.invalid": 401,
  "join.expired": 401,
  "join.used": 409,
  "join.wrong_cluster": 409,
  "link.denied": 401,
  "link.revoked": 403,
  "link.fenced": 409,
  "link.duplicate": 409,
  "link.protocol": 400,
  "subscription.invalid": 400,
  "rate.limited": 429,
  "change.not_found": 404,
  "change.outdated": 409,
  "change.conflict": 409,
  "change.empty": 409,
  "change.not_undoable": 409,
  "agent.away": 409,
  "acting.off": 403,
  "access.denied": 403,
  "route.not_found": 404,
  unavailable: 503,
  internal: 500,
} as const

export type ErrorCode = keyof typeof errorStatus

export type ErrorDetail = {
  /** Seconds after which a retry makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number
  /** One entry per bad field: its path and what is wrong with it. */
  issues?: { path: string; message: string }[]
}

/** The only error that reaches a caller as it is; everything else becomes `internal` at the edge. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly detail: ErrorDetail
  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = "AppError"
    this.code = code
    this.detail = detail
  }
}
