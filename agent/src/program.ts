import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { pino } from "pino"
import { JoinToken } from "#shared/protocol/join.ts"
import about from "../../package.json" with { type: "json" }
import { startAgent } from "./agent.ts"
import { systemClock } from "./clock.ts"
import { loadPlacement, type Placement } from "./cluster/config.ts"
import { MembershipEnded } from "./link/membership.ts"
import { readSettings, type Settings, usage, UsageError } from "./process/options.ts"
import { createTelemetry } from "./telemetry/telemetry.ts"

const usageExit = 2
const endedExit = 1

const say = (line: string): void => void process.stderr.write(`smm-agent: ${line}\n`)
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function placementOf(settings: Settings): Placement {
  try {
    return loadPlacement(settings)
  } catch (error) {
    throw new UsageError(wordsOf(error), { cause: error })
  }
}

/** A token that is no token is a mistake to be told at once; a file may be filled later. */
function demandToken({ token }: Settings): void {
  if (token !== undefined && !JoinToken.safeParse(token).success)
    throw new UsageError(
      "--token wants a join token: smj_ and 43 letters, digits, - or _; make one with: smm clusters add",
    )
}

const tokenReader =
  ({ token, tokenFile }: Settings) =>
  async (): Promise<string | undefined> => {
    if (token !== undefined || tokenFile === undefined) return token
    const text = await readFile(tokenFile, "utf8").catch(() => "")
    return text.trim() === "" ? undefined : text.trim()
  }

async function run(settings: Settings): Promise<number> {
  demandToken(settings)
  const placement = placementOf(settings)
  const log = pino({ level: settings.logLevel, base: { version: about.version } })
  const agent = await startAgent({
    placement,
    server: settings.server,
    token: tokenReader(settings),
    pod: settings.pod,
    version: about.version,
    log,
    ...(settings.policy === undefined ? {} : { policyFile: settings.policy }),
    ...(settings.state === undefined ? {} : { stateFolder: settings.state }),
    ...(settings.probes === undefined ? {} : { probes: settings.probes }),
    ...(settings.tickFloorMs === undefined ? {} : { tickFloorMs: settings.tickFloorMs }),
    createTelemetry: (cluster) =>
      createTelemetry({
        cluster,
        clock: systemClock,
        log,
        ...(settings.prometheus === undefined ? {} : { prometheusUrl: settings.prometheus }),
        ...(settings.tickFloorMs === undefined ? {} : { floorMs: settings.tickFloorMs }),
      }),
  })
  log.info({ server: settings.server, port: agent.state().port, name: settings.name }, "the agent runs")
  const stop = (): void => void agent.close()
  process.once("SIGTERM", stop)
  process.once("SIGINT", stop)
  try {
    await agent.ended
    return 0
  } catch (error) {
    if (!(error instanceof MembershipEnded)) throw error
    say(error.message)
    return endedExit
  }
}

/** The agent as a program. Resolves to the exit code. */
export async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  try {
    const settings = readSettings(args, environment, homedir())
    if (settings !== "help") return await run(settings)
    process.stdout.write(usage)
    return 0
  } catch (error) {
    const usual = error instanceof UsageError || (error as NodeJS.ErrnoException).code === "EADDRINUSE"
    say(wordsOf(error))
    return usual ? usageExit : endedExit
  }
}
