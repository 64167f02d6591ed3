import { existsSync } from "node:fs"
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { launchGuarded, type GuardedProcess } from "#test/real/kube/guarded-process.ts"

export const root = fileURLToPath(new URL("../..", import.meta.url))

/** Starts a room's `main.ts` as the process it is for a user. */
export const startRoom = (
  name: string,
  main: string,
  args: string[],
  folder: string,
): Promise<GuardedProcess> =>
  launchGuarded({
    name,
    program: process.execPath,
    args: [join(root, main), ...args],
    folder,
    env: { NODE_NO_WARNINGS: "1" },
  })

export const logOf = (room: GuardedProcess): Promise<string> => readFile(room.logFile, "utf8")

/** Asks until there is an answer other than undefined. @throws Error with the last words of the room, or of the last attempt */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  options: { room?: GuardedProcess; seconds?: number } = {},
): Promise<T> {
  const { room, seconds = 60 } = options
  let last = ""
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(100)) {
    if (room && room.code() !== null)
      throw new Error(`${room.name} ended with ${room.code()}: ${(await logOf(room)).slice(-3000)}`)
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    }
  }
  const words = room ? (await logOf(room)).slice(-3000) : ""
  throw new Error(`waited ${seconds} s for ${what}; ${last} ${words}`)
}

export type CloudRoom = {
  url: string
  token: string
  /** Signs a browser in, once. */
  signInLink: string
  process: GuardedProcess
}

/** On the data of `folder`; the same port as before for one that takes the place of another. */
export async function startCloud(folder: string, port = 0): Promise<CloudRoom> {
  const data = join(folder, "data")
  await rm(join(folder, "cloud.log"), { force: true })
  const process = await startRoom(
    "cloud",
    "cloud/src/local/main.ts",
    ["--port", String(port), "--data", data, "--console", join(root, "web/build")],
    folder,
  )
  const signInLink = await until(
    "the cloud's address",
    async () => /http:\/\/\S+\/sign-in\?code=\S+/.exec(await logOf(process))?.[0],
    { room: process },
  )
  const token = (await readFile(join(data, "token"), "utf8")).trim()
  return { url: new URL(signInLink).origin, token, signInLink, process }
}

export type AgentOptions = {
  kubeconfig: string
  cloud: CloudRoom
  /** For its first start; afterwards it has a key of its own. */
  joinToken?: string
  folder: string
  more?: string[]
}

export const startAgent = ({
  kubeconfig,
  cloud,
  joinToken,
  folder,
  more = [],
}: AgentOptions): Promise<GuardedProcess> =>
  startRoom(
    "agent",
    "agent/src/main.ts",
    [
      "--kubeconfig",
      kubeconfig,
      "--server",
      cloud.url,
      ...(joinToken === undefined ? [] : ["--token", joinToken]),
      "--state",
      join(folder, "agent-state"),
      ...more,
    ],
    folder,
  )

/** The folder of the shared fixtures, or why it is not usable. */
export const fixtures = process.env["SMM_FIXTURES"] ?? join(root, "../shared/fixtures")
export const fixturesMissing = (): string | null =>
  existsSync(join(fixtures, "crds/istio.yaml")) && existsSync(join(fixtures, "bookinfo/bookinfo.yaml"))
    ? null
    : `no crds and bookinfo in ${fixtures}; set SMM_FIXTURES to the folder of fixtures`
