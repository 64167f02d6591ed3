import { spawn } from "node:child_process"
import type { Plane } from "./plane.ts"

/** Runs kubectl against a plane as its administrator; answers what it printed. @throws Error with its words when it fails */
export function kubectl(plane: Plane, args: readonly string[], input = ""): Promise<string> {
  const child = spawn(plane.kubectl ?? "kubectl", ["--kubeconfig", plane.kubeconfig, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  })
  const out: string[] = []
  const err: string[] = []
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk.toString()))
  child.stdin.on("error", () => undefined)
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => {
      if (code === 0) resolve(out.join(""))
      else reject(new Error(`kubectl ${args.join(" ")} ended with ${String(code)}: ${err.join("")}`))
    })
  })
}
