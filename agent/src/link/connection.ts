import { WebSocket } from "ws"
import type { Command } from "#shared/protocol/command.ts"
import { type Bye, Down, type Need, type Welcome } from "#shared/protocol/down.ts"
import { limits } from "#shared/protocol/limits.ts"
import type { Hello } from "#shared/protocol/up.ts"
import type { Clock } from "../clock.ts"
import { createAssembler, pack } from "./codec.ts"
import type { Outgoing } from "./outgoing.ts"

/** What a connection takes its messages from, and tells what comes. */
export type Source = {
  next(seq: number): Outgoing | undefined
  need(need: Need): void
  pace(tickMs: number): void
  command(command: Command): void
}

/** Why a connection ended. `bye` is what the cloud said, if it did. */
export type End = { reason: string; bye: Bye | null }

export type Connection = {
  welcome: Welcome
  /** From now on takes messages from the source, as the credit allows. */
  attach(source: Source): void
  /** Something may be there to send. */
  pump(): void
  /** Takes no more, waits a little for what is on its way, and closes. */
  drain(): Promise<void>
  close(reason: string): void
  closed: Promise<End>
}

export type Meter = { sentMessages: number; sentBytes: number; receivedMessages: number; ignored: number }

const openMs = 30_000
/** The cloud's handlers end within 29 s; a message that is not acknowledged much later never will be. */
const ackMs = 90_000
const drainMs = 5_000

export type ConnectionOptions = {
  url: string
  hello: Omit<Hello, "type" | "seq">
  clock: Clock
  /** Ends the connection, at whatever point it is; its reason is told. */
  signal: AbortSignal
  meter: Meter
}

/** Connects, says hello and waits for the welcome. @throws Error, with the cloud's bye as `cause` when it sent one */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { clock, meter, signal } = options
  const socket = new WebSocket(options.url, {
    handshakeTimeout: openMs,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
    skipUTF8Validation: false,
  })
  const unacked = new Map<number, { message: Outgoing; at: number }>()
  const over = new AbortController()
  const gone = new AbortController()
  const { promise: closed, resolve: end } = Promise.withResolvers<End>()
  const { promise: welcomed, resolve: welcome, reject: refuse } = Promise.withResolvers<Welcome>()
  const assemble = createAssembler()
  let seq = 0
  let credit: number = limits.maxUnacked
  let source: Source | undefined
  /** The pace that was told before there was a source to tell. */
  let paced: number | undefined
  /** Commands from before there was a source. */
  const commands: Command[] = []
  let bye: Bye | null = null
  let draining = false
  let sentAt = clock.now()
  let drained: () => void = () => undefined

  function send(message: Outgoing): void {
    seq += 1
    sentAt = clock.now()
    unacked.set(seq, { message, at: sentAt })
    for (const frame of message.frames) {
      socket.send(frame)
      meter.sentBytes += frame.length
    }
    meter.sentMessages += 1
  }

  function pump(): void {
    if (!source || draining || socket.readyState !== WebSocket.OPEN) return
    while (unacked.size < credit) {
      const message = source.next(seq + 1)
      if (!message) return
      send(message)
    }
  }

  function release(upTo: number): void {
    for (const [number, { message }] of unacked) {
      if (number > upTo) break
      unacked.delete(number)
      message.acked?.()
    }
    if (unacked.size === 0) drained()
    pump()
  }

  function finish(reason: string): void {
    if (over.signal.aborted) return
    over.abort()
    signal.removeEventListener("abort", stop)
    for (const { message } of unacked.values()) message.lost?.()
    unacked.clear()
    drained()
    refuse(new Error(bye?.message ?? reason, { cause: bye ?? undefined }))
    end({ reason: bye?.message ?? reason, bye })
  }

  function close(reason: string): void {
    finish(reason)
    socket.close(1000)
    // A peer that does not answer the closing would hold the socket for 30 s.
    void clock.sleep(2_000, gone.signal).then(() => socket.terminate())
  }

  function stop(): void {
    close(signal.reason instanceof Error ? signal.reason.message : String(signal.reason))
  }

  function receive(text: string): void {
    const message = assemble(text)
    if (message === undefined) return
    meter.receivedMessages += 1
    const parsed = Down.safeParse(message)
    if (!parsed.success) {
      meter.ignored += 1
      return
    }
    const down = parsed.data
    if (down.type === "welcome") {
      credit = Math.min(limits.maxUnacked, down.maxUnacked)
      welcome(down)
      release(1)
    } else if (down.type === "ack") release(down.seq)
    else if (down.type === "need") {
      source?.need(down)
      pump()
    } else if (down.type === "pace") {
      if (source) source.pace(down.tickMs)
      else paced = down.tickMs
    } else if (down.type === "command") {
      if (source) source.command(down)
      else commands.push(down)
    } else {
      bye = down
      close(down.message)
    }
  }

  async function watch(): Promise<void> {
    while (!over.signal.aborted) {
      const oldest = unacked.values().next().value
      if (oldest && clock.now() - oldest.at >= ackMs) {
        close(`nothing acknowledged in ${ackMs / 1000} s`)
        return
      }
      if (clock.now() - sentAt >= limits.pingAfterSilenceMs && unacked.size < credit && source)
        send({ type: "ping", frames: pack({ type: "ping", seq: seq + 1 }) })
      await clock.sleep(15_000, over.signal)
    }
  }

  socket.on("open", () => {
    send({ type: "hello", frames: pack({ type: "hello", seq: 1, ...options.hello }) })
    void watch()
  })
  socket.on("message", (data, isBinary) => {
    try {
      if (!isBinary) receive(String(data))
    } catch (error) {
      close(error instanceof Error ? error.message : String(error))
    }
  })
  socket.on("error", (error) => finish(error.message))
  socket.once("close", () => gone.abort())
  socket.on("close", (code, words) =>
    finish(`closed with ${code}${words.length > 0 ? ` ${words.toString()}` : ""}`),
  )

  signal.addEventListener("abort", stop, { once: true })
  if (signal.aborted) stop()
  void clock.sleep(openMs, over.signal).then(() => refuse(new Error(`no welcome in ${openMs / 1000} s`)))
  try {
    const first = await welcomed
    return {
      welcome: first,
      attach(from) {
        source = from
        if (paced !== undefined) from.pace(paced)
        for (const command of commands.splice(0)) from.command(command)
        pump()
      },
      pump,
      async drain() {
        draining = true
        if (unacked.size > 0) {
          const { promise, resolve } = Promise.withResolvers<void>()
          drained = resolve
          await Promise.race([promise, clock.sleep(drainMs, over.signal)])
        }
        close("a newer connection took over")
      },
      close,
      closed,
    }
  } catch (error) {
    close(error instanceof Error ? error.message : String(error))
    throw error
  }
}
