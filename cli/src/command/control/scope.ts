import type { Command } from "commander"
import type { PolicyScope } from "#shared/edit/form.ts"
import { UsageError } from "../../exit.ts"

export type ScopeFlags = { subset?: string; port?: string }

/** A policy of a DestinationRule holds for the host, a subset of it, a port of either. */
export const withScope = (command: Command): Command =>
  command
    .option("--subset <name>", "only this version of the service")
    .option("--port <port>", "only this port")

/** @throws UsageError */
export function portOf(flag: string, text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535)
    throw new UsageError(`${flag} "${text}": wants a port from 1 to 65535`)
  return port
}

export const scopeOf = ({ subset, port }: ScopeFlags): PolicyScope => ({
  ...(subset === undefined ? {} : { subset }),
  ...(port === undefined ? {} : { port: portOf("--port", port) }),
})
