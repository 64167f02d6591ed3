import { ApiGatewayManagementApiClient } from "@aws-sdk/client-apigatewaymanagementapi"
import { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { pino } from "pino"
import { type Signer, createSigner, parseKeyRing } from "../auth/signer.ts"
import type { Cloud } from "../cloud.ts"
import { createTable } from "../store/table.ts"
import { type Handlers, createHandlers } from "./handlers.ts"
import { createAwsSockets } from "./sockets.ts"

/** There are no defaults: a deployment that forgot one must not start with a guess. */
function wanted(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === "") throw new Error(`environment variable ${name} is not set`)
  return value
}

/** The secret that commands are signed with: what `newKeyRing` and `rotate` of auth/signer.ts make. */
function commandSigner(): Signer {
  const name = "SMM_COMMAND_KEYS"
  const secret = wanted(name)
  try {
    return createSigner(parseKeyRing(secret))
  } catch (cause) {
    throw new Error(
      `environment variable ${name} ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

function createCloud(): Cloud {
  const now = Date.now
  const socketsAt = (name: string) => new ApiGatewayManagementApiClient({ endpoint: wanted(name) })
  return {
    table: createTable({ client: new DynamoDBClient({}), name: wanted("SMM_TABLE"), now }),
    sockets: createAwsSockets({
      link: socketsAt("SMM_LINK_CONNECTIONS"),
      console: socketsAt("SMM_CONSOLE_CONNECTIONS"),
    }),
    now,
    publicUrl: wanted("SMM_PUBLIC_URL"),
    socketUrl: wanted("SMM_SOCKET_URL"),
    origins: wanted("SMM_ORIGINS").split(","),
    agentImage: wanted("SMM_AGENT_IMAGE"),
    signer: commandSigner(),
    log: pino({ level: process.env["SMM_LOG"] ?? "warn" }),
  }
}

/** Made at the first event: one process serves many. */
const once = (make: () => Handlers): (() => Handlers) => {
  let made: Handlers | undefined
  return () => (made ??= make())
}
const handlers = once(() => createHandlers(createCloud()))

export const http: Handlers["http"] = (event, context) => handlers().http(event, context)
export const link: Handlers["link"] = (event) => handlers().link(event)
export const console: Handlers["console"] = (event) => handlers().console(event)
