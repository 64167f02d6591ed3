import { enableCompileCache } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

// Before anything else is loaded: stripping and compiling the sources takes longer than most commands run. Where it may not write it does without.
enableCompileCache(join(fileURLToPath(new URL("../..", import.meta.url)), "node_modules", ".cache", "smm"))

const { main } = await import("./process.ts")
process.exitCode = await main(process.argv.slice(2))
