/** The cloud over a database that is a process of its own: node cloud.ts DATABASE-PORT PORT DATA-FOLDER */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { startLocal } from "#cloud/local/server.ts"

const [databasePort = "0", port = "0", data = ""] = process.argv.slice(2)
// The run holds the other end: when it is gone, however it went, so is this.
process.stdin.on("end", () => process.exit(0)).resume()
const database = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${databasePort}`,
  region: "local",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  maxAttempts: 6,
})
const local = await startLocal({ port: Number(port), data, database })
process.stdout.write(`${JSON.stringify({ port: local.port, token: local.owner.token })}\n`)
