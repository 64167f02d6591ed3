import { expect, test } from "vitest"
import { z } from "zod"
import { canonicalJson, textHash } from "../kube/bucket.ts"
import { ConsoleDown, ConsoleUp } from "./console.ts"
import { Down } from "./down.ts"
import { Frame } from "./frame.ts"
import * as Join from "./join.ts"
import { Up } from "./up.ts"
import { oldestProtocolVersion, protocolVersion } from "./version.ts"

const shapeOf = (schema: z.ZodType): unknown =>
  z.toJSONSchema(schema, { unrepresentable: "any", io: "input" })

/**
 * A change of the wire changes these numbers. Before writing a new one here: does an agent of two minors ago still get along? If not, raise
 * `protocolVersion` and say in version.ts what it means.
 */
test("nobody changes the wire by accident", () => {
  const joins = Object.entries(Join).flatMap(([name, value]) =>
    value instanceof z.ZodType ? [[name, shapeOf(value)]] : [],
  )
  const pins = Object.fromEntries(
    Object.entries({
      up: shapeOf(Up),
      down: shapeOf(Down),
      frame: shapeOf(Frame),
      join: joins,
      consoleUp: shapeOf(ConsoleUp),
      consoleDown: shapeOf(ConsoleDown),
    }).map(([name, shape]) => [name, textHash(canonicalJson(shape)).toString(16)]),
  )
  expect({ version: protocolVersion, oldest: oldestProtocolVersion, ...pins }).toMatchInlineSnapshot(`
    {
      "consoleDown": "ad7fee8ded05",
      "consoleUp": "faf13852abf4",
      "down": "ea4b5868d5ca",
      "frame": "b8f18dae2a33",
      "join": "5290e966cfe1",
      "oldest": 1,
      "up": "9e0b180b4ed7",
      "version": 1,
    }
  `)
})
