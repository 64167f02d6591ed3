import { WebSocket } from "ws"
import type { Client } from "#shared/api/client.ts"
import { ConsoleDown, type ConsoleUp } from "#shared/protocol/console.ts"

/** Watches the topology of every cluster as a console does, so that agents measure each 10 s. Resolves when it is subscribed. */
export async function watchTopology(client: Client): Promise<{ close(): void }> {
  const { url } = await client.call("createSocketTicket")
  const socket = new WebSocket(url)
  const say = (message: ConsoleUp): void => socket.send(JSON.stringify(message))
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject))
  const ping = setInterval(() => say({ type: "ping" }), 30_000)
  await new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer) => {
      const down = ConsoleDown.parse(JSON.parse(data.toString("utf8")))
      if (down.type === "subscribed") resolve()
      if (down.type === "error") reject(new Error(JSON.stringify(down.problem)))
      if ("seq" in down) say({ type: "ack", id: down.id, seq: down.seq })
    })
    say({ type: "subscribe", id: "graph", view: { type: "topology", clusters: [] } })
  })
  return {
    close: () => {
      clearInterval(ping)
      socket.close()
    },
  }
}
