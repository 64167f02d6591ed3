import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { type MeshName, startDemo } from "./demo.ts"

const usage = `usage: node demo/src/main.ts [--mesh bookinfo|shop|large] [--port N] [--kubeconfig-out FILE]
       [--tick-ms N] [--amplitude 0..1] [--cluster-uid UID]`
const names: readonly MeshName[] = ["bookinfo", "shop", "large"]

function refuse(message: string): never {
  console.error(`${message}\n${usage}`)
  process.exit(2)
}

const whole = (name: string, value: string, least: number): number => {
  const number = Number(value)
  return Number.isInteger(number) && number >= least && number <= 3_600_000
    ? number
    : refuse(`--${name} ${value} is no whole number of at least ${least}`)
}

const part = (name: string, value: string): number => {
  const number = Number(value)
  return number >= 0 && number < 1
    ? number
    : refuse(`--${name} ${value} is no number of at least 0 and below 1`)
}

const options = {
  options: {
    mesh: { type: "string", default: "shop" },
    port: { type: "string", default: "0" },
    "tick-ms": { type: "string", default: "1000" },
    "kubeconfig-out": { type: "string" },
    "cluster-uid": { type: "string" },
    amplitude: { type: "string", default: "0.15" },
  },
} as const

function argumentsGiven() {
  try {
    return parseArgs(options).values
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

const values = argumentsGiven()
const mesh =
  names.find((name) => name === values.mesh) ?? refuse(`--mesh ${values.mesh} is none of ${names.join(", ")}`)
const demo = await startDemo({
  mesh,
  port: whole("port", values.port, 0),
  tickMs: whole("tick-ms", values["tick-ms"], 10),
  now: Date.now,
  amplitude: part("amplitude", values.amplitude),
  ...(values["cluster-uid"] === undefined ? {} : { clusterUid: values["cluster-uid"] }),
}).catch((error: unknown) => refuse(error instanceof Error ? error.message : String(error)))

const file = values["kubeconfig-out"]
if (file !== undefined) writeFileSync(file, demo.kubeconfig, { mode: 0o600 })

let closing = false
const close = (): void => {
  if (closing) return
  closing = true
  void demo.close().then(() => process.exit(0))
}
process.on("SIGINT", close)
process.on("SIGTERM", close)

console.log(
  JSON.stringify({
    ready: true,
    mesh,
    url: demo.url,
    metricsUrl: demo.metricsUrl,
    ...(file === undefined ? {} : { kubeconfig: file }),
  }),
)
