/** One reason of a refusal, as in `Status.details.causes`. */
export type Cause = { reason: string; message: string; field?: string }

export type StatusDetails = {
  name?: string
  group?: string
  kind?: string
  causes?: Cause[]
  retryAfterSeconds?: number
}

/** A refusal in the words of the Kubernetes API: becomes a `Status` body with the HTTP code. */
export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails | undefined
  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }
  body() {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    }
  }
}

/** What a refusal is about. */
export type Subject = { group: string; plural: string; kind: string }

export const qualified = ({ group, plural }: { group: string; plural: string }): string =>
  group === "" ? plural : `${plural}.${group}`

export const notFound = (subject: Subject, name: string) =>
  new StatusError(404, "NotFound", `${qualified(subject)} "${name}" not found`, {
    name,
    group: subject.group,
    kind: subject.plural,
  })

export const noSuchPath = () =>
  new StatusError(404, "NotFound", "the server could not find the requested resource", {})

export const alreadyExists = (subject: Subject, name: string) =>
  new StatusError(409, "AlreadyExists", `${qualified(subject)} "${name}" already exists`, {
    name,
    group: subject.group,
    kind: subject.plural,
  })

export const conflict = (subject: Subject, name: string, why: string, causes?: Cause[]) =>
  new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${why}`,
    {
      name,
      group: subject.group,
      kind: subject.plural,
      ...(causes ? { causes } : {}),
    },
  )

export const staleWrite = (subject: Subject, name: string) =>
  conflict(
    subject,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  )

export const badRequest = (message: string) => new StatusError(400, "BadRequest", message)

export const invalid = (subject: Subject, name: string, causes: Cause[]) => {
  const list = causes.map((cause) => `${cause.field}: ${cause.message}`)
  const text = list.length === 1 ? list[0] : `[${list.join(", ")}]`
  const full = subject.group === "" ? subject.kind : `${subject.kind}.${subject.group}`
  return new StatusError(422, "Invalid", `${full} "${name}" is invalid: ${text}`, {
    name,
    group: subject.group,
    kind: subject.kind,
    causes,
  })
}

export const forbidden = (subject: { group: string; plural: string }, name: string, why: string) =>
  new StatusError(
    403,
    "Forbidden",
    name === ""
      ? `${qualified(subject)} is forbidden: ${why}`
      : `${qualified(subject)} "${name}" is forbidden: ${why}`,
    { ...(name === "" ? {} : { name }), group: subject.group, kind: subject.plural },
  )

export const unauthorized = () => new StatusError(401, "Unauthorized", "Unauthorized")

export const methodNotAllowed = () =>
  new StatusError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {},
  )

export const unsupportedMedia = (type: string, accepted: string[]) =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format (${type}) - accepted media types include: ${accepted.join(", ")}`,
  )

export const expired = (message: string) => new StatusError(410, "Expired", message)

/** What the demo cluster does not do. The message names the feature, so that nobody takes it for a fault of theirs. */
export const notImplemented = (feature: string) =>
  new StatusError(
    501,
    "NotImplemented",
    `the demo cluster does not support ${feature}; use a real cluster for it`,
  )
