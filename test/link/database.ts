/** A DynamoDB that is a process of its own and keeps its data in a folder, so that it can be killed: node database.ts FOLDER PORT */
import type { AddressInfo } from "node:net"
import dynalite from "dynalite"

const [path = "", port = "0"] = process.argv.slice(2)
// The test holds the other end: when it is gone, however it went, so is this.
process.stdin.on("end", () => process.exit(0)).resume()
const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0 })
server.listen(Number(port), "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
