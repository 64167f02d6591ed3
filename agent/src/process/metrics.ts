import type { KindState } from "#shared/protocol/message/status.ts"
import type { LinkState } from "../link/link.ts"
import type { Meter } from "../link/connection.ts"
import type { Usage } from "./usage.ts"

export type Measures = {
  kinds: KindState[]
  link: LinkState
  meter: Meter
  usage: Usage
  heapBytes: number
  externalBytes: number
  watchReconnects: number
  ticksKept: number
  ticksDropped: number
  tickFailures: number
  tickMs: number
}

const quoted = (text: string): string => text.replaceAll(/["\\\n]/g, "_")

/** The agent's own metrics in the text format of Prometheus. */
export function metricsText(measures: Measures): string {
  const { kinds, link, meter, usage } = measures
  const lines: string[] = []
  const metric = (name: string, type: "gauge" | "counter", help: string, rows: [string, number][]): void => {
    lines.push(`# HELP smm_agent_${name} ${help}`, `# TYPE smm_agent_${name} ${type}`)
    for (const [labels, value] of rows) lines.push(`smm_agent_${name}${labels} ${value}`)
  }
  metric(
    "objects",
    "gauge",
    "Objects known, by kind.",
    kinds.map(({ kind, count }) => [`{kind="${quoted(kind)}"}`, count]),
  )
  metric(
    "kind_state",
    "gauge",
    "1 for the state that a kind is in.",
    kinds.map(({ kind, state }) => [`{kind="${quoted(kind)}",state="${state}"}`, 1]),
  )
  metric("watch_reconnects_total", "counter", "Watches that were opened again.", [
    ["", measures.watchReconnects],
  ])
  metric("link_connected", "gauge", "1 while connected to the cloud.", [
    ["", link.state === "connected" ? 1 : 0],
  ])
  metric("link_connections_total", "counter", "Connections made to the cloud.", [["", link.connections]])
  metric("link_rotations_total", "counter", "Planned rotations among them.", [["", link.rotations]])
  metric("link_sent_messages_total", "counter", "Messages sent.", [["", meter.sentMessages]])
  metric("link_sent_bytes_total", "counter", "Bytes of frames sent.", [["", meter.sentBytes]])
  metric("link_received_messages_total", "counter", "Messages received.", [["", meter.receivedMessages]])
  metric("link_ignored_messages_total", "counter", "Messages of unknown types.", [["", meter.ignored]])
  metric("ticks_kept", "gauge", "Ticks that the cloud has not acknowledged.", [["", measures.ticksKept]])
  metric("ticks_dropped_total", "counter", "Ticks given up after two hours.", [["", measures.ticksDropped]])
  metric("tick_failures_total", "counter", "Measurements that failed.", [["", measures.tickFailures]])
  metric("tick_interval_seconds", "gauge", "Time between measurements.", [["", measures.tickMs / 1000]])
  metric("resident_memory_bytes", "gauge", "Resident memory.", [["", usage.rssBytes]])
  metric("heap_bytes", "gauge", "Memory of JavaScript objects, used.", [["", measures.heapBytes]])
  metric("external_bytes", "gauge", "Memory of buffers.", [["", measures.externalBytes]])
  metric("cpu_millicores", "gauge", "Processor time, thousandths of a core.", [["", usage.cpuMillicores]])
  return `${lines.join("\n")}\n`
}
