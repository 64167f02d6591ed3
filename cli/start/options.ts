import { resolve } from "node:path"
import { parseArgs } from "node:util"

export type StartOptions = {
  /** 0: any free one. */
  port: number
  host: "127.0.0.1" | "::1" | "localhost"
  data: string
  demo: "bookinfo" | "shop" | "large" | null
  json: boolean
}

export const meshes = ["bookinfo", "shop", "large"] as const

export const usage = `npm start -- [--port N] [--data DIR] [--demo bookinfo|shop|large | --no-demo] [--json]

  --port N     port of API, sockets and console (7780; 0 picks a free one)
  --data DIR   where the database is kept (.smm)
  --demo MESH  the demo cluster: bookinfo, shop (default, about 40 services) or large (500 services, 5,000 pods)
  --no-demo    no demo cluster
  --host HOST  127.0.0.1, ::1 or localhost: the sign-in link is only ever served on this machine
  --json       one line {"url","token","org"} on standard output when ready (npm start --silent -- --json: npm's own lines away)
`

const loopback = ["127.0.0.1", "::1", "localhost"] as const

const flagOf = (text: string): "port" | "demo" | "data" => {
  if (/^\d+$/.test(text)) return "port"
  return meshes.some((mesh) => mesh === text) ? "demo" : "data"
}

/**
 * The flags of `npm start --port 0 --json`, without the `--` between: npm takes them for its own, tells them in the environment, and
 * passes on the values alone.
 */
export function withNpmFlags(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const has = (flag: string): boolean => env[`npm_config_${flag}`] === "true"
  const valued = ["port", "data", "demo", "host"] as const
  const given = valued.flatMap((flag) => {
    const value = env[`npm_config_${flag}`]
    return value === undefined || value === "" || value === "true" ? [] : [`--${flag}`, value]
  })
  const rest = argv.flatMap((text, i) => {
    const isValue = argv[i - 1]?.startsWith("--") === true
    return !text.startsWith("-") && !isValue && has(flagOf(text)) ? [`--${flagOf(text)}`, text] : [text]
  })
  const isOff = env["npm_config_demo"] === ""
  return [...given, ...(isOff ? ["--no-demo"] : []), ...(has("json") ? ["--json"] : []), ...rest]
}

/** @throws Error that names the flag and what it wants */
export function startOptions(argv: readonly string[], root: string): StartOptions | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: "string", default: "7780" },
      data: { type: "string", default: `${root}/.smm` },
      demo: { type: "string", default: "shop" },
      "no-demo": { type: "boolean", default: false },
      host: { type: "string", default: "127.0.0.1" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  })
  if (values.help) return "help"
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new Error(`--port "${values.port}": wants a number from 0 to 65535`)
  const demo = meshes.find((mesh) => mesh === values.demo)
  if (!demo) throw new Error(`--demo "${values.demo}": wants ${meshes.join(", ")}`)
  const host = loopback.find((name) => name === values.host)
  if (!host)
    throw new Error(
      `--host "${values.host}": this server signs its owner in with a link and is only for this machine; wants ${loopback.join(", ")}`,
    )
  return { port, host, data: resolve(values.data), demo: values["no-demo"] ? null : demo, json: values.json }
}
