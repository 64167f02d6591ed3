/**
 * DynamoDB Local listens on all interfaces and cannot be told otherwise. This runs inside of a network namespace of its own (`unshare -rn`),
 * where there is only loopback, and lets the test in through a Unix socket: node bridge.mjs FOLDER_OF_JAR SOCKET
 */
import { spawn, spawnSync } from "node:child_process"
import { connect, createServer } from "node:net"

const [folder, path] = process.argv.slice(2)
const port = 8000
spawnSync("ip", ["link", "set", "lo", "up"], { stdio: "inherit" })
const java = spawn(
  "java",
  [
    "-Djava.library.path=DynamoDBLocal_lib",
    "-jar",
    "DynamoDBLocal.jar",
    "-inMemory",
    "-disableTelemetry",
    "-port",
    String(port),
  ],
  { cwd: folder, stdio: "ignore" },
)
java.on("exit", () => process.exit(1))
process.on("exit", () => java.kill("SIGKILL"))
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0))
// The parent holds the other end: when it is gone, however it went, so is this.
process.stdin.on("end", () => process.exit(0)).resume()

createServer((socket) => {
  const inner = connect(port, "127.0.0.1")
  socket.on("error", () => inner.destroy()).on("close", () => inner.destroy())
  inner.on("error", () => socket.destroy()).on("close", () => socket.destroy())
  socket.pipe(inner).pipe(socket)
}).listen(path)
