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
      "consoleDown": "8264b03edd3c",
      "consoleUp": "55bc109c931a",
      "down": "a2c68ba69b16",
      "frame": "b8f18dae2a33",
      "join": "34e7e37c4181",
      "oldest": 1,
      "up": "74f242783a85",
      "version": 1,
    }
  `)
})
