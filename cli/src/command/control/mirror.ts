import { Option } from "commander"
import type { ControlReading } from "#shared/api/change.ts"
import type { MirrorForm, MirrorTarget } from "#shared/edit/form.ts"
import { targetOf, targetText } from "#shared/edit/line/destination-text.ts"
import { usage } from "../../change/flags.ts"
import { UsageError } from "../../exit.ts"
import { again } from "../../flag.ts"
import { tableText } from "../../output.ts"
import type { Add } from "../add.ts"
import { type RouteSet, addRouteControl } from "./route-control.ts"
import { percentOf } from "./percent.ts"
import { whichOf } from "./which.ts"

type Flags = { to?: string[]; percent?: string }

/** @throws UsageError */
function mirrorOf(text: string, percent: number | undefined): MirrorTarget {
  const { destination, share } = usage(() => targetOf(text), "--to")
  const own = share ?? percent
  if (own === undefined)
    throw new UsageError(`--to "${text}": say which share is copied, as --percent 10 or --to ${text}=10`)
  return { destination, percent: own }
}

const text = ({ form }: ControlReading): string =>
  tableText(
    (form as MirrorForm).mirrors,
    [
      { head: "TO", cell: ({ destination }) => targetText({ destination, share: undefined }) },
      { head: "PERCENT", cell: ({ percent }) => `${percent} %`, right: true },
    ],
    false,
  )

const set: RouteSet = {
  options: [
    new Option(
      "--to <version>",
      "who gets the copies: v3, v3=10, or host=HOST,subset=SUBSET,port=PORT; repeated",
    ).argParser(again),
    new Option("--percent <percent>", "share of the requests that is copied"),
  ],
  read: (_, flags) => {
    const { to, percent } = flags as Flags
    if (to === undefined) throw new UsageError("say who gets the copies, as --to v3 --percent 10")
    const share = percent === undefined ? undefined : percentOf("--percent", percent)
    return { ...whichOf(flags), mirrors: to.map((each) => mirrorOf(each, share)) }
  },
  example: "smm mirror set bookinfo/reviews --to v3 --percent 10",
}

export const addMirror = (add: Add): void =>
  addRouteControl(add, {
    control: "mirror",
    words: "Copies of requests to another version, whose answers nobody gets",
    removes: "End the mirroring",
    set,
    text,
  })
