import type { Duplex } from "node:stream"

/**
 * Reads only the headers of the websocket frames that come in, to see a frame that API Gateway would refuse before the receiver has put it
 * together: `ws` limits messages, not frames. RFC 6455, section 5.2.
 */
export function watchFrames(
  socket: Duplex,
  maxBytes: number,
  refuse: (reason: "too-big" | "binary") => void,
): void {
  let header: number[] = []
  let left = 0
  let over = false

  const headerLength = (): number => {
    const second = header[1]
    if (second === undefined) return 2
    const length = second & 0x7f
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0)
  }
  const payloadLength = (): number => {
    const length = (header[1] ?? 0) & 0x7f
    if (length < 126) return length
    return header.slice(2, length === 126 ? 4 : 10).reduce((sum, byte) => sum * 256 + byte, 0)
  }
  const begin = (): void => {
    left = payloadLength()
    const binary = ((header[0] ?? 0) & 0x0f) === 2
    header = []
    if (!binary && left <= maxBytes) return
    over = true
    refuse(binary ? "binary" : "too-big")
  }

  socket.on("data", (chunk: Buffer) => {
    for (let at = 0; at < chunk.length && !over;) {
      if (left > 0) {
        const step = Math.min(left, chunk.length - at)
        left -= step
        at += step
        continue
      }
      header.push(chunk[at] ?? 0)
      at++
      if (header.length >= 2 && header.length === headerLength()) begin()
    }
  })
}
