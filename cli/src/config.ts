import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { z } from "zod"
import { UsageError } from "./exit.ts"
import type { ConfigFile } from "./io.ts"

const Stored = z.object({
  server: z.string().optional(),
  token: z.string().optional(),
  organizationId: z.string().optional(),
})

/** `$SMM_CONFIG`, else `smm/config.json` under `$XDG_CONFIG_HOME` or `~/.config`. */
export const configPath = (env: Readonly<Record<string, string | undefined>>, home: string): string =>
  env["SMM_CONFIG"] ?? join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "smm", "config.json")

/** The sign-in of this user. Replaced as a whole, so that a kill leaves the old file or the new one. */
export function createConfigFile(path: string): ConfigFile {
  return {
    path,
    read() {
      if (!existsSync(path)) return {}
      try {
        const { server, token, organizationId } = Stored.parse(JSON.parse(readFileSync(path, "utf8")))
        return {
          ...(server === undefined ? {} : { server }),
          ...(token === undefined ? {} : { token }),
          ...(organizationId === undefined ? {} : { organizationId }),
        }
      } catch {
        throw new UsageError(`${path} is not a configuration of smm; remove it and run smm login`)
      }
    },
    write(config) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(`${path}.new`, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
      chmodSync(`${path}.new`, 0o600)
      renameSync(`${path}.new`, path)
    },
  }
}
