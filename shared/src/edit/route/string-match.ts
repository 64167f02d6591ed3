import { record } from "../../topology/fact/read.ts"
import type { z } from "zod"
import { Match } from "../form.ts"
import { fitting } from "./lens.ts"

const HeaderMatch = Match.shape.headers.unwrap().valueType
export type HeaderMatch = z.infer<typeof HeaderMatch>

/** The match of a header or parameter as the form has it; an empty one asks that it is there. */
export const headerMatch = {
  read: (raw: unknown): HeaderMatch | undefined =>
    raw !== null && typeof raw === "object" && Object.keys(record(raw)).length === 0
      ? { present: true }
      : "present" in record(raw)
        ? undefined
        : fitting(HeaderMatch, raw),
  write: (value: HeaderMatch): unknown => ("present" in value ? {} : value),
}
