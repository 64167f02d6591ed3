import { AppError } from "#shared/error.ts"

type Examples = { description: string; errors: AppError[] }

/** Errors of each status as the OpenAPI document shows them. */
export const errorExamples: Record<string, Examples> = {
  "400": {
    description: "The request is not as it should be; `issues` names every bad field",
    errors: [
      new AppError("input.invalid", "name: wants lower case letters, digits and -", {
        issues: [{ path: "name", message: "wants lower case letters, digits and -" }],
      }),
      new AppError("cursor.invalid", "this cursor is not of this query; start again without one"),
    ],
  },
  "401": {
    description: "No credential, or one that is not good (any more)",
    errors: [
      new AppError("auth.required", "sign in, or send Authorization: Bearer <API token>"),
      new AppError("auth.expired", "this credential has expired; sign in again or make a new token"),
    ],
  },
  "403": {
    description: "The caller may not do this",
    errors: [
      new AppError("auth.denied", "this needs the role admin; ann@example.com is viewer"),
      new AppError(
        "auth.origin",
        "requests that change something with a cookie must come from our own pages",
      ),
    ],
  },
  "404": {
    description: "It is not there, or not there for this caller",
    errors: [
      new AppError("cluster.not_found", "no cluster cls_01J9Z3QK5V8E2M7C4T6B1N0PXA in this organization"),
    ],
  },
  "409": {
    description: "It does not fit what is there",
    errors: [
      new AppError("cluster.name_taken", 'there is a cluster "production" already; choose another name'),
    ],
  },
  "413": {
    description: "The body is too large",
    errors: [new AppError("input.too_large", "a body may have at most 65536 bytes")],
  },
  "429": {
    description: "Too many calls; wait for as long as `Retry-After` says",
    errors: [
      new AppError("rate.limited", "more than 300 calls at once or 100 a second; wait and try again", {
        retryAfterSeconds: 1,
      }),
    ],
  },
  "500": {
    description: "Any other problem",
    errors: [new AppError("internal", "something went wrong here; tell us the request id")],
  },
}
