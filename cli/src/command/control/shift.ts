import type { ControlReading } from "#shared/api/change.ts"
import type { ShiftForm } from "#shared/edit/form.ts"
import { UsageError } from "../../exit.ts"
import { tableText } from "../../output.ts"
import type { Add } from "../add.ts"
import { type RouteSet, addRouteControl } from "./route-control.ts"
import { whichOf } from "./which.ts"

/** `v1=80`. @throws UsageError */
function weightsOf(written: readonly string[]): Record<string, number> {
  const weights: Record<string, number> = {}
  for (const text of written) {
    const [, version, percent] = /^([A-Za-z0-9][\w.-]*)=(\d{1,3})$/.exec(text) ?? []
    if (version === undefined || percent === undefined)
      throw new UsageError(`"${text}" is no weight; write VERSION=PERCENT in whole numbers, as v1=80 v3=20`)
    if (weights[version] !== undefined) throw new UsageError(`"${version}" stands twice; write it once`)
    weights[version] = Number(percent)
  }
  const sum = Object.values(weights).reduce((all, weight) => all + weight, 0)
  if (sum !== 100)
    throw new UsageError(`the weights ${written.join(" ")} sum to ${sum}; they must sum to 100`)
  return weights
}

function text({ form, versions }: ControlReading): string {
  const { weights } = form as ShiftForm
  const names = [...new Set([...Object.keys(weights), ...versions.map(({ subset }) => subset)])]
  const podsOf = (name: string): string => String(versions.find(({ subset }) => subset === name)?.pods ?? 0)
  return tableText(
    names,
    [
      { head: "VERSION", cell: (name) => name },
      { head: "WEIGHT", cell: (name) => `${weights[name] ?? 0} %`, right: true },
      { head: "PODS", cell: podsOf, right: true },
    ],
    false,
  )
}

const set: RouteSet = {
  arguments: ["[version=percent...]", "share of each version: v1=80 v3=20"],
  read: (written, flags) => {
    if (written.length === 0) throw new UsageError("say the share of each version, as v1=80 v3=20")
    return { ...whichOf(flags), weights: weightsOf(written) }
  },
  example: "smm shift set bookinfo/reviews v1=80 v3=20 --yes",
}

export const addShift = (add: Add): void =>
  addRouteControl(add, {
    control: "shift",
    words: "How requests are shared among a service's versions",
    removes: "Send everything to the whole service again",
    set,
    text,
  })
