import type { z } from "zod"
import { type Json, list, number, record } from "../../topology/fact/read.ts"
import { FaultForm, HttpRule, MirrorTarget } from "../form.ts"
import { destinationLens } from "./destination.ts"
import {
  type Lens,
  fitting,
  originsOf,
  parts,
  plain,
  restOf,
  rewritten,
  within,
  withField,
  without,
} from "./lens.ts"
import type { Scope } from "./scope.ts"

const of = HttpRule.shape
const Rewrite = of.rewrite.unwrap()
const Retries = of.retries.unwrap()
const Cors = of.cors.unwrap()
const Headers = of.headers.unwrap()
const Operations = Headers.shape.request.unwrap()
const Delay = FaultForm.shape.delay.unwrap()
const Abort = FaultForm.shape.abort.unwrap()

export const rewriteLens = within(
  "rewrite",
  parts<z.infer<typeof Rewrite>>(
    {
      uri: plain("uri", Rewrite.shape.uri.unwrap()),
      uriRegex: plain("uriRegexRewrite", Rewrite.shape.uriRegex.unwrap()),
      authority: plain("authority", Rewrite.shape.authority.unwrap()),
    },
    Rewrite,
  ),
)

export const retriesLens = within(
  "retries",
  parts<z.infer<typeof Retries>>(
    {
      attempts: plain("attempts", Retries.shape.attempts),
      perTryTimeout: plain("perTryTimeout", Retries.shape.perTryTimeout.unwrap()),
      retryOn: plain("retryOn", Retries.shape.retryOn.unwrap()),
    },
    Retries,
  ),
)

export const corsLens = within(
  "corsPolicy",
  parts<z.infer<typeof Cors>>(
    {
      allowOrigins: plain("allowOrigins", Cors.shape.allowOrigins.unwrap()),
      allowMethods: plain("allowMethods", Cors.shape.allowMethods.unwrap()),
      allowHeaders: plain("allowHeaders", Cors.shape.allowHeaders.unwrap()),
      exposeHeaders: plain("exposeHeaders", Cors.shape.exposeHeaders.unwrap()),
      maxAge: plain("maxAge", Cors.shape.maxAge.unwrap()),
      allowCredentials: plain("allowCredentials", Cors.shape.allowCredentials.unwrap()),
    },
    Cors,
  ),
)

const operations = parts<z.infer<typeof Operations>>(
  {
    set: plain("set", Operations.shape.set.unwrap()),
    add: plain("add", Operations.shape.add.unwrap()),
    remove: plain("remove", Operations.shape.remove.unwrap()),
  },
  Operations,
)

export const headersLens = within(
  "headers",
  parts<z.infer<typeof Headers>>(
    { request: within("request", operations), response: within("response", operations) },
    Headers,
  ),
)

/** The share of a fault: `percentage.value`, before it the deprecated `percent`. */
const percentLens: Lens<number> = {
  read: ({ percentage, percent }) =>
    percentage === undefined || percentage === null ? number(percent) : number(record(percentage)["value"]),
  write: (raw, value) =>
    withField(without(raw, "percent"), "percentage", { ...record(raw["percentage"]), value }),
  rest: (raw) => without(raw, "percent", "percentage"),
}

const delay = parts<z.infer<typeof Delay>>(
  { percent: percentLens, fixedDelay: plain("fixedDelay", Delay.shape.fixedDelay) },
  Delay,
)
const abort = parts<z.infer<typeof Abort>>(
  {
    percent: percentLens,
    httpStatus: plain("httpStatus", Abort.shape.httpStatus.unwrap()),
    grpcStatus: plain("grpcStatus", Abort.shape.grpcStatus.unwrap()),
  },
  Abort,
)

/** An abort without a status that there is aborts nothing; the form shows none. */
const effective = (said: z.infer<typeof Abort> | undefined): z.infer<typeof Abort> | undefined =>
  said?.httpStatus === undefined && said?.grpcStatus === undefined ? undefined : said

export const faultLens = within(
  "fault",
  parts<FaultForm>(
    {
      delay: within("delay", delay),
      abort: within("abort", { ...abort, read: (raw) => effective(abort.read(raw)) }),
    },
    FaultForm,
  ),
)

/** The older way: one mirror, with its share beside it. */
const single = ["mirror", "mirrorPercentage", "mirrorPercent", "mirror_percent"] as const

function singlePercent(raw: Json): number {
  const value = record(raw["mirrorPercentage"])["value"]
  if (raw["mirrorPercentage"] !== undefined && raw["mirrorPercentage"] !== null) return number(value)
  const percent = raw["mirrorPercent"] ?? raw["mirror_percent"]
  return typeof percent === "number" ? percent : 100
}

const isSingle = (raw: Json): boolean => raw["mirror"] !== undefined && raw["mirror"] !== null

const shareOf = (raw: Json): number =>
  raw["percentage"] === undefined || raw["percentage"] === null
    ? 100
    : number(record(raw["percentage"])["value"])

/** An entry of `mirrors`: without a share it is all requests. */
const entryLens = (scope: Scope): Lens<MirrorTarget> => {
  const destination = within("destination", destinationLens(scope))
  return {
    read: (raw) => fitting(MirrorTarget, { destination: destination.read(raw), percent: shareOf(raw) }),
    write: (raw, value) => {
      const placed = destination.write(raw, value?.destination)
      return value === undefined || (raw["destination"] !== undefined && shareOf(raw) === value.percent)
        ? placed
        : withField(placed, "percentage", { ...record(raw["percentage"]), value: value.percent })
    },
    rest: (raw) => without(destination.rest(raw), "percentage"),
  }
}

function writeSingle(raw: Json, { destination, percent }: MirrorTarget, scope: Scope): Json {
  const placed = withField(raw, "mirror", destinationLens(scope).write(record(raw["mirror"]), destination))
  if (singlePercent(raw) === percent) return placed
  const share = { ...record(raw["mirrorPercentage"]), value: percent }
  return withField(without(placed, "mirrorPercent", "mirror_percent"), "mirrorPercentage", share)
}

/** Mirrors: a lone one stays in the way it was written, more than one go to `mirrors`. */
export const mirrorsLens = (scope: Scope): Lens<MirrorTarget[]> => {
  const entry = entryLens(scope)
  const shownOf = (raw: Json): (MirrorTarget | undefined)[] =>
    isSingle(raw)
      ? [
          fitting(MirrorTarget, {
            destination: destinationLens(scope).read(record(raw["mirror"])),
            percent: singlePercent(raw),
          }),
        ]
      : list(raw["mirrors"]).map((item) => entry.read(record(item)))
  return {
    read: (raw) => {
      const shown = shownOf(raw).filter((item) => item !== undefined)
      return shown.length === 0 ? undefined : shown
    },
    write: (raw, items = []) => {
      const [only] = items
      if (isSingle(raw) && only !== undefined && items.length === 1) return writeSingle(raw, only, scope)
      const entries = isSingle(raw)
        ? [{ destination: raw["mirror"], percentage: { value: singlePercent(raw) } }]
        : list(raw["mirrors"])
      const origins = originsOf(shownOf(raw), items)
      const written = items.map((item, at) => {
        const origin = origins[at]
        return rewritten(entry, origin === undefined ? undefined : entries[origin], item)
      })
      return withField(without(raw, ...single), "mirrors", written.length === 0 ? undefined : written)
    },
    rest: (raw) => {
      if (shownOf(raw).every((item) => item === undefined)) return raw
      if (isSingle(raw)) {
        const left = destinationLens(scope).rest(record(raw["mirror"]))
        return withField(without(raw, ...single), "mirror", Object.keys(left).length === 0 ? undefined : left)
      }
      const left = restOf(list(raw["mirrors"]), (own) =>
        entry.read(own) === undefined ? own : entry.rest(own),
      )
      return withField(raw, "mirrors", left.every((item) => item === null) ? undefined : left)
    },
  }
}
