import { expect, test } from "vitest"
import { detailQueries } from "./queries.ts"

test("a workload's name is never more than a name, whatever is in it", () => {
  const names = ["shop", 'a"} or up{x="', "a\\", "line\nbreak", "a.b|c"]
  const [ask] = detailQueries("duration", 60, {
    slots: new Set(["destination"]),
    sourcesByDestination: new Set(names),
    clusters: new Set(),
    hosts: false,
  })
  const text = /source_workload=~("(?:[^"\\\n]|\\.)*"),le!~/.exec(ask?.query ?? "")?.[1] ?? ""
  const pattern = new RegExp(`^(?:${JSON.parse(text) as string})$`)
  for (const name of names) expect([name, pattern.test(name)]).toEqual([name, true])
  for (const other of ["axb", "c", "up"]) expect([other, pattern.test(other)]).toEqual([other, false])
})
