import protobuf from "protobufjs/minimal.js"
import { compress } from "snappyjs"

/** One series: labels with `__name__`, and samples of [milliseconds, value] in order of time. */
export type WriteSeries = {
  labels: Readonly<Record<string, string>>
  samples: readonly (readonly [number, number])[]
}

const samplesPerRequest = 20_000

/**
 * Bodies for Prometheus' remote write 0.1: `prometheus.WriteRequest` (timeseries = 1: labels = 1, samples = 2), snappy block format.
 * Source: github.com/prometheus/prometheus prompb/remote.proto and types.proto.
 */
export function* encodeWriteRequests(series: Iterable<WriteSeries>): Generator<Uint8Array<ArrayBuffer>> {
  let writer = protobuf.Writer.create()
  let pending = 0
  for (const one of series) {
    writeSeries(writer.uint32(10).fork(), one).ldelim()
    pending += one.samples.length
    if (pending < samplesPerRequest) continue
    yield packed(writer)
    writer = protobuf.Writer.create()
    pending = 0
  }
  if (pending > 0) yield packed(writer)
}

const packed = (writer: protobuf.Writer): Uint8Array<ArrayBuffer> => new Uint8Array(compress(writer.finish()))

function writeSeries(writer: protobuf.Writer, series: WriteSeries): protobuf.Writer {
  for (const name of Object.keys(series.labels).sort())
    writer
      .uint32(10)
      .fork()
      .uint32(10)
      .string(name)
      .uint32(18)
      .string(series.labels[name] ?? "")
      .ldelim()
  for (const [at, value] of series.samples)
    writer.uint32(18).fork().uint32(9).double(value).uint32(16).int64(at).ldelim()
  return writer
}
