import {
  type ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi"
import type { Sockets } from "../cloud.ts"

/** Websockets of agents and of consoles are two APIs of API Gateway: a connection's id says which one it is of. */
export type Api = "link" | "console"

export const connectionOf = (api: Api, id: string): string => `${api}.${id}`

/** Sends through the `@connections` endpoint of the API that a connection belongs to. */
export function createAwsSockets(clients: Readonly<Record<Api, ApiGatewayManagementApiClient>>): Sockets {
  const at = (connection: string): { client: ApiGatewayManagementApiClient; ConnectionId: string } => {
    const [api = "", ...id] = connection.split(".")
    return { client: clients[api === "link" ? "link" : "console"], ConnectionId: id.join(".") }
  }
  const unlessGone = async (work: Promise<unknown>): Promise<"sent" | "gone"> => {
    try {
      await work
      return "sent"
    } catch (error) {
      if (error instanceof GoneException) return "gone"
      throw error
    }
  }
  return {
    send(connection, text) {
      const { client, ConnectionId } = at(connection)
      const command = new PostToConnectionCommand({ ConnectionId, Data: Buffer.from(text, "utf8") })
      return unlessGone(client.send(command))
    },
    // API Gateway gives no say in code and reason: what there is to say was sent before.
    async close(connection) {
      const { client, ConnectionId } = at(connection)
      await unlessGone(client.send(new DeleteConnectionCommand({ ConnectionId })))
    },
  }
}
