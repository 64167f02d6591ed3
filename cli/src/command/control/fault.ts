import { Option } from "commander"
import type { ControlReading } from "#shared/api/change.ts"
import type { FaultControlForm } from "#shared/edit/form.ts"
import { faultFlags } from "#shared/edit/line/control-flags.ts"
import { saidIn } from "../../change/form-options.ts"
import { UsageError } from "../../exit.ts"
import { tableText } from "../../output.ts"
import type { Add } from "../add.ts"
import { percentOf } from "./percent.ts"
import { type RouteSet, addRouteControl } from "./route-control.ts"
import { whichOf } from "./which.ts"

type Part = { percent?: number } & Record<string, unknown>

/** @throws UsageError for a part without its share, or a share without its part */
function complete(name: "abort" | "delay", part: Part | undefined, percent: number | undefined): object {
  if (part === undefined) return {}
  if (Object.keys(part).every((key) => key === "percent"))
    throw new UsageError(`--${name}-percent wants --${name} with it`)
  const share = part.percent ?? percent
  if (share === undefined)
    throw new UsageError(`say the share of the requests that --${name} is for, as --percent 50`)
  return { [name]: { ...part, percent: share } }
}

function faultOf(flags: object): object {
  const { abort, delay } = saidIn(faultFlags, flags) as { abort?: Part; delay?: Part }
  const { percent } = flags as { percent?: string }
  if (abort === undefined && delay === undefined)
    throw new UsageError("say what is to go wrong, as --abort 503 --percent 50 or --delay 5s --percent 50")
  const share = percent === undefined ? undefined : percentOf("--percent", percent)
  return { ...complete("abort", abort, share), ...complete("delay", delay, share) }
}

function text({ form }: ControlReading): string {
  const { abort, delay } = form as FaultControlForm
  const rows = [
    ...(abort
      ? [{ fault: `abort ${abort.httpStatus ?? abort.grpcStatus ?? ""}`, percent: abort.percent }]
      : []),
    ...(delay ? [{ fault: `delay ${delay.fixedDelay}`, percent: delay.percent }] : []),
  ]
  return tableText(
    rows,
    [
      { head: "FAULT", cell: ({ fault }) => fault },
      { head: "PERCENT", cell: ({ percent }) => `${percent} %`, right: true },
    ],
    false,
  )
}

const set: RouteSet = {
  flags: faultFlags,
  options: [new Option("--percent <percent>", "share of the requests, of abort and delay")],
  read: (_, flags) => ({ ...whichOf(flags), ...faultOf(flags) }),
  example: "smm fault set bookinfo/ratings --abort 503 --percent 50 --expires 10m --yes",
}

export const addFault = (add: Add): void =>
  addRouteControl(add, {
    control: "fault",
    words: "Errors and delays on purpose, for a share of the requests",
    removes: "End the faults",
    set,
    text,
  })
