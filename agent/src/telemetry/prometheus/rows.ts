import { TelemetryFailure } from "../source.ts"

/** One row of an instant vector: labels and the value as Prometheus writes it (`NaN` and `+Inf` are possible). */
export type VectorRow = { metric: Record<string, string>; value: [number, string] }

const rowStart = Buffer.from('{"metric":')
const rowEnd = Buffer.from('"]}')
const comma = 44
/** A row is a few hundred bytes: what goes on for so long without the end of one is no answer of Prometheus, and must not be collected. */
const maxRestBytes = 512 * 1024

/** How a row ends. Inside a label's value every quote would be escaped, and the envelope has no `value`. */
const rowTail = /"value":\[[\d.e+]+,"[^"\\]*"\]\}$/

/** The end of the last whole row in `bytes`, or -1. */
function lastRowEnd(bytes: Buffer): number {
  for (let at = bytes.lastIndexOf(rowEnd); at > 0; at = bytes.lastIndexOf(rowEnd, at - 1)) {
    const end = at + rowEnd.length
    if (rowTail.test(bytes.toString("latin1", Math.max(0, end - 100), end))) return end
  }
  return -1
}

/**
 * Reads the body of `/api/v1/query` as it arrives, so that 20 MB of rows never stand in memory at once. Rows are cut out of the
 * stream; what remains is the envelope, whose parse proves that the answer was whole.
 * @throws TelemetryFailure when it is not, or when it is longer than `maxBytes`
 */
export async function readVector(
  body: AsyncIterable<Uint8Array>,
  onRow: (row: VectorRow) => void,
  maxBytes: number,
): Promise<{ rows: number; warnings: string[] }> {
  let rest: Buffer = Buffer.alloc(0)
  let envelope = ""
  let size = 0
  let rows = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes)
      throw new TelemetryFailure(
        `the answer is longer than ${Math.round(maxBytes / 1e6)} MB: too many series`,
      )
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    if (rest.length > maxRestBytes + chunk.length)
      throw new TelemetryFailure(`the answer has ${rest.length} bytes without a row in them`)
    const end = lastRowEnd(rest)
    const begin = end < 0 ? -1 : rest.indexOf(rowStart)
    if (begin < 0 || begin >= end) continue
    envelope += envelope === "" ? rest.toString("utf8", 0, begin) : ""
    for (const row of parseRows(rest.toString("utf8", begin, end))) {
      onRow(row)
      rows++
    }
    rest = rest.subarray(rest[end] === comma ? end + 1 : end)
  }
  const { result, warnings } = parseEnvelope(envelope + rest.toString("utf8").replace(/^,/, ""))
  for (const row of result) onRow(row)
  return { rows: rows + result.length, warnings }
}

function parseRows(text: string): VectorRow[] {
  try {
    return JSON.parse(`[${text}]`) as VectorRow[]
  } catch {
    throw new TelemetryFailure(`a row is not JSON: ${text.slice(0, 120)}`)
  }
}

type Envelope = {
  status?: string
  error?: string
  errorType?: string
  warnings?: string[]
  data?: { resultType?: string; result?: VectorRow[] }
}

function parseEnvelope(text: string): { result: VectorRow[]; warnings: string[] } {
  let envelope: Envelope
  try {
    envelope = JSON.parse(text) as Envelope
  } catch {
    throw new TelemetryFailure(
      text === "" ? "the answer is empty" : `the answer is cut off or no JSON: ${text.slice(0, 120)}`,
    )
  }
  if (envelope.status !== "success") throw new TelemetryFailure(envelope.error ?? "the answer has no status")
  if (envelope.data?.resultType !== "vector" || !Array.isArray(envelope.data.result))
    throw new TelemetryFailure(
      `the answer is a ${envelope.data?.resultType ?? "nothing"} where a vector was asked for`,
    )
  return { result: envelope.data.result, warnings: envelope.warnings ?? [] }
}
