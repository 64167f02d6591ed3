import { existsSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { freePorts, launchGuarded } from "../kube/guarded-process.ts"
import { encodeWriteRequests, type WriteSeries } from "./remote-write.ts"

/** A running Prometheus on loopback with an empty, temporary store. */
export type PrometheusServer = {
  /** `http://127.0.0.1:PORT` */
  url: string
  port: number
  /** Writes history at once, without waiting for scrapes. Samples of one series must be in order of time. */
  remoteWrite(series: Iterable<WriteSeries>): Promise<void>
  /** CPU seconds that the process has used. */
  cpuSeconds(): Promise<number>
  stop(): Promise<void>
}

export type PrometheusOptions = {
  /** Written into the configuration as they are; the file is JSON, which Prometheus reads as YAML. */
  scrapeConfigs?: readonly Record<string, unknown>[]
  scrapeInterval?: string
  /** Further command line flags. */
  flags?: readonly string[]
}

/** Path of Prometheus: $PROMETHEUS, or the first one on PATH; null when there is none. */
export function prometheusPath(): string | null {
  const named = process.env["PROMETHEUS"]
  if (named) return existsSync(named) ? named : null
  const folders = (process.env["PATH"] ?? "").split(delimiter)
  return folders.map((folder) => join(folder, "prometheus")).find((file) => existsSync(file)) ?? null
}

/** Why no Prometheus can start here and how to change that; null when one can. */
export function prometheusMissing(): string | null {
  if (prometheusPath() !== null) return null
  const named = process.env["PROMETHEUS"]
  return named
    ? `no program at PROMETHEUS=${named}`
    : "no prometheus on PATH; apt-get install --no-install-recommends prometheus, or set PROMETHEUS"
}

class PortTaken extends Error {}

/** Starts it on a free port. @throws Error with the tail of its log when it is not ready in 30 s. */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<PrometheusServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options)
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === 3) throw error
    }
  }
}

async function startOnce(options: PrometheusOptions): Promise<PrometheusServer> {
  const program = prometheusPath()
  if (program === null) throw new Error(prometheusMissing() ?? "no prometheus")
  const folder = await mkdtemp(join(tmpdir(), "smm-prometheus-"))
  const config = {
    global: { scrape_interval: options.scrapeInterval ?? "15s", evaluation_interval: "1h" },
    scrape_configs: options.scrapeConfigs ?? [],
  }
  await writeFile(join(folder, "prometheus.yml"), JSON.stringify(config))
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const running = await launchGuarded({
    name: "prometheus",
    program,
    folder,
    args: [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--log.level=warn",
      ...(options.flags ?? []),
    ],
  })
  const stop = async () => {
    await running.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    for (const deadline = Date.now() + 30_000; ; await sleep(25)) {
      if (running.code() !== null || Date.now() > deadline) {
        const tail = (await readFile(running.logFile, "utf8")).slice(-2000)
        throw new (tail.includes("address already in use") ? PortTaken : Error)(
          `prometheus is not ready (exit ${running.code() ?? "none"}): ${tail}`,
        )
      }
      const answer = await fetch(`${url}/-/ready`).catch(() => null)
      await answer?.body?.cancel()
      if (answer?.ok) break
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url,
    port,
    remoteWrite: async (series) => {
      for (const body of encodeWriteRequests(series)) await post(`${url}/api/v1/write`, body)
    },
    cpuSeconds: async () => {
      const text = await readFile(`/proc/${await running.pid()}/stat`, "utf8")
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
    stop,
  }
}

async function post(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
    },
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`remote write answered ${answer.status}: ${text}`)
}
