// Plain JavaScript for Node >= 20: builds what is stale. `node cli/start/build.mjs web` builds the console, `... web --check` checks its types.
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { node24, root } from "./install.mjs"

const web = join(root, "web")
const stampFile = join(web, "build", ".inputs")
/** What a build of the console is made from; tests are not part of it. */
const inputs = [
  "package-lock.json",
  "shared/src",
  "web/src",
  "web/static",
  "web/tsconfig.json",
  "web/vite.config.ts",
  "web/without-rule-texts.ts",
]

function filesOf(path) {
  const full = join(root, path)
  if (!existsSync(full)) return []
  const entries = readdirSync(full, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** One hash over names and contents: a checkout changes times, not what is built. */
function inputHash() {
  const hash = createHash("sha256")
  const files = inputs.flatMap((path) => (path.includes(".") ? [join(root, path)] : filesOf(path)))
  for (const file of files.sort()) hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file))
  return hash.digest("hex")
}

function isBuilt(hash) {
  return (
    existsSync(join(web, "build", "200.html")) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, "utf8") === hash
  )
}

/** Runs a script of a package under Node 24 in `web`. Throws with the end of its output when it fails. */
function run(script, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(node24(), [join(root, "node_modules", script), ...args], {
      cwd: web,
      env: { ...process.env, NODE_ENV: "production", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    const end = () => child.kill()
    process.once("exit", end)
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text) => (output = (output + text).slice(-20_000)))
    child.on("error", reject)
    child.on("close", (code) => {
      process.removeListener("exit", end)
      if (code === 0) resolve(output)
      else reject(new Error(output.trim()))
    })
  })
}

const sync = () => run("@sveltejs/kit/svelte-kit.js", ["sync"])

const lockFile = join(web, "node_modules", ".building")

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === "EPERM"
  }
}

/** Takes the lock; its file has the owner's pid in it from the first moment on. False when somebody has it. */
function takeLock() {
  const own = `${lockFile}-${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    linkSync(own, lockFile)
    return true
  } catch (error) {
    if (error.code === "EEXIST") return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

/** Process that has the lock, which may be gone; undefined when nobody has it any more. */
function lockHolder() {
  try {
    return Number(readFileSync(lockFile, "utf8"))
  } catch {
    return undefined
  }
}

/** One build at a time, by whomever: two starts of one checkout share its folders. Waits; a lock of a process that is gone is nobody's. */
async function locked(task, say) {
  mkdirSync(join(web, "node_modules"), { recursive: true })
  for (let waited = false; !takeLock(); waited = true) {
    const holder = lockHolder()
    if (holder !== undefined && !isAlive(holder)) rmSync(lockFile, { force: true })
    else if (!waited) say?.(`Waiting for the build of another process (${holder})`)
    await delay(200)
  }
  const release = () => rmSync(lockFile, { force: true })
  process.once("exit", release)
  try {
    return await task()
  } finally {
    process.removeListener("exit", release)
    release()
  }
}

/** Builds beside the console that may be served now, and swaps them when the new one is whole. */
async function buildAndSwap(hash) {
  const fresh = join(web, "node_modules", ".build-new")
  const old = join(web, "node_modules", ".build-old")
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  await sync()
  await run("vite/bin/vite.js", ["build", "--logLevel", "warn"], {
    SMM_BUILD: hash.slice(0, 12),
    SMM_WEB_OUT: fresh,
  })
  writeFileSync(join(fresh, ".inputs"), hash)
  if (existsSync(join(web, "build"))) renameSync(join(web, "build"), old)
  renameSync(fresh, join(web, "build"))
  rmSync(old, { recursive: true, force: true })
}

/** Builds the console into `web/build` unless it is of these sources already. `say` gets one line before the wait. Throws when it cannot be built. */
export async function buildWeb({ say }) {
  if (isBuilt(inputHash())) return
  say("Building the console (once, about ten seconds)")
  try {
    await locked(async () => {
      const hash = inputHash()
      if (!isBuilt(hash)) await buildAndSwap(hash)
    }, say)
  } catch (error) {
    throw new Error(`the console cannot be built:\n${error.message}`, { cause: error })
  }
}

/** Checks the types of the console's components. Throws with what svelte-check says. */
export async function checkWeb() {
  await locked(sync)
  await run("svelte-check/bin/svelte-check", ["--workspace", ".", "--threshold", "error"])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [target, flag] = process.argv.slice(2)
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1))
  try {
    if (target !== "web") throw new Error(`unknown target "${target ?? ""}": wants web`)
    if (flag === "--check") await checkWeb()
    else await buildWeb({ say: (line) => process.stderr.write(`${line}\n`) })
  } catch (error) {
    process.stderr.write(`smm: ${error.message}\n`)
    process.exit(1)
  }
}
