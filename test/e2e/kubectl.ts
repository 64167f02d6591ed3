import { execFile } from "node:child_process"
import type { Plane } from "#test/real/kube/plane.ts"

/** Runs kubectl as the administrator. Resolves to what it printed; rejects with its words. */
export const kubectl = (plane: Plane, args: readonly string[], input = ""): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      plane.kubectl ?? "kubectl",
      ["--kubeconfig", plane.kubeconfig, ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`kubectl ${args.join(" ")}: ${stderr || error.message}`))
        else resolve(stdout)
      },
    )
    child.stdin?.end(input)
  })
