import { spawn } from "node:child_process"
import { open, readFile, rm } from "node:fs/promises"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"

export type GuardedProcess = {
  name: string
  logFile: string
  /** Exit code once it ended, else null. */
  code(): number | null
  pid(): Promise<number>
  done: Promise<void>
  /** SIGTERM, three seconds later SIGKILL. */
  stop(): Promise<void>
}

/**
 * The guard is a shell that runs the program and waits on a pipe from us: when the pipe closes, for whatever reason (also when
 * this process is killed), the program gets TERM and, three seconds later, KILL.
 */
const guard = `exec 3<&0
pidfile=$1; shift
"$@" </dev/null 3<&- &
p=$!; echo $p >"$pidfile"
{ read _ <&3; kill -TERM $p; n=0
  while kill -0 $p && [ $n -lt 30 ]; do sleep 0.1; n=$((n+1)); done; kill -KILL $p; } 2>/dev/null &
g=$!; exec 3<&-
wait $p; s=$?; kill -KILL $g 2>/dev/null; exit $s`

export type Launch = {
  name: string
  program: string
  args: string[]
  folder: string
  env?: NodeJS.ProcessEnv
}

/** Runs a program that ends with this process at the latest; its output goes to `<folder>/<name>.log`. */
export async function launchGuarded(launch: Launch): Promise<GuardedProcess> {
  const { name, folder } = launch
  const logFile = join(folder, `${name}.log`)
  const pidFile = join(folder, `${name}.pid`)
  // Of the one before it of this name, if any: whoever asks at once would take that for this one's.
  await rm(pidFile, { force: true })
  const log = await open(logFile, "a")
  const child = spawn("/bin/sh", ["-c", guard, "guard", pidFile, launch.program, ...launch.args], {
    cwd: folder,
    // a group of its own, so that Ctrl-C reaches only us and the order of stopping stays ours
    detached: true,
    env: { ...process.env, ...launch.env },
    stdio: ["pipe", log.fd, log.fd],
  })
  await log.close()
  child.stdin?.on("error", () => undefined)
  let code: number | null = null
  const done = new Promise<void>((resolve) => {
    child.once("exit", (exit) => {
      code = exit ?? -1
      resolve()
    })
    child.once("error", () => {
      code = -1
      resolve()
    })
  })
  return {
    name,
    logFile,
    done,
    code: () => code,
    pid: async () => Number(await readFile(pidFile, "utf8")),
    stop: () => {
      child.stdin?.end()
      return done
    },
  }
}

/** Ports of the loopback interface that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject)
        server.listen(0, "127.0.0.1", resolve)
      })
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
