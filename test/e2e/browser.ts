import { existsSync } from "node:fs"
import { chromium, type Browser } from "playwright-core"

const program = process.env["CHROMIUM"] ?? "/usr/bin/chromium"

/** Why no browser can start here and how to change that; null when one can. */
export const chromiumMissing = (): string | null =>
  existsSync(program) ? null : `no browser at ${program}; apt-get install chromium, or set CHROMIUM`

/** A headless Chromium that asks nobody outside of this machine. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: program,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  })
