import fc from "fast-check"
import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { watchFrames } from "./frame-guard.ts"

/** A masked frame as a browser sends it. */
function frameOf(opcode: number, length: number, fin = true): Buffer {
  const first = (fin ? 0x80 : 0) | opcode
  const header =
    length < 126
      ? Buffer.from([first, 0x80 | length])
      : length < 65_536
        ? Buffer.from([first, 0x80 | 126, length >> 8, length & 0xff])
        : Buffer.from([
            first,
            0x80 | 127,
            0,
            0,
            0,
            0,
            ...[24, 16, 8, 0].map((shift) => (length >> shift) & 0xff),
          ])
  return Buffer.concat([header, Buffer.from([1, 2, 3, 4]), Buffer.alloc(length, 0x82)])
}

/** Cuts a text of bytes into chunks, as a network would. */
const chunksOf = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

function refusals(frames: readonly Buffer[], size: number, most: number): string[] {
  const socket = new PassThrough()
  const refused: string[] = []
  watchFrames(socket, most, (reason) => refused.push(reason))
  for (const chunk of chunksOf(Buffer.concat(frames), size)) socket.emit("data", chunk)
  return refused
}

test("a frame above the limit is seen at its header, whatever came before and however it is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(0, 1, 8, 9, 10), fc.integer({ min: 0, max: 300 }))),
      fc.integer({ min: 301, max: 70_000 }),
      fc.integer({ min: 1, max: 997 }),
      (before, large, size) => {
        const fine = before.map(([opcode, length]) => frameOf(opcode, length))
        expect(refusals(fine, size, 300)).toEqual([])
        expect(refusals([...fine, frameOf(1, large), frameOf(1, 5)], size, 300)).toEqual(["too-big"])
        expect(refusals([...fine, frameOf(1, large).subarray(0, 14)], size, 300)).toEqual(["too-big"])
      },
    ),
  )
})

test("a binary frame is refused whatever its size, its continuation is not looked for", () => {
  expect(refusals([frameOf(1, 3), frameOf(2, 0, false), frameOf(0, 4)], 3, 300)).toEqual(["binary"])
})
