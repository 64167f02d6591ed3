import { execFile } from "node:child_process"
import { join } from "node:path"
import { type CloudRoom, root } from "./room.ts"

/** Runs `smm` as a user does. Resolves to what it printed; rejects when it fails. */
export const smm = (cloud: CloudRoom, ...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(root, "cli/bin/smm.mjs"), ...args],
      {
        env: { ...process.env, SMM_SERVER: cloud.url, SMM_TOKEN: cloud.token },
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`smm ${args.join(" ")}: ${stderr || error.message}`))
        else resolve(stdout)
      },
    )
  })
