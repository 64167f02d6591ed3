import { gzipSync } from "node:zlib"
import { packTick } from "#shared/telemetry/pack.ts"
import { toFrames } from "#shared/protocol/frame.ts"
import { tickOf } from "./mesh.ts"
import { report } from "./report.ts"

const deflate = (text: string): string => gzipSync(text, { level: 9 }).toString("base64")

const rows = [100, 300, 1_000, 4_000].map((edges) => {
  const tick = tickOf({ services: Math.max(40, edges / 4), edges, namespaces: 12 }, 7, 1_790_000_000_000)
  const message = { type: "tick", seq: 2, late: false, tick: packTick(tick) }
  const frames = toFrames(message, "a", deflate)
  const bytes = frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0)
  const plain = gzipSync(JSON.stringify(tick)).toString("base64").length
  return {
    quantity: `wire bytes for one tick of ${edges} edges`,
    reach: edges === 300 ? "<= 4 KB, one message" : "",
    measured: `${(bytes / 1024).toFixed(2)} KB, ${frames.length} message${frames.length === 1 ? "" : "s"}`,
    floor: `${(plain / 1024).toFixed(1)} KB`,
    note: "floor: the same edges as gzipped JSON",
  }
})
report(rows)
