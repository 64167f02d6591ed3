// Bundles the agent into one file, agent/dist/smm-agent.mjs, which needs nothing but Node 24.
import { build } from "esbuild"
import { chmod } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(fileURLToPath(import.meta.url))
const outfile = join(here, "dist", "smm-agent.mjs")

/**
 * client-node's configuration drags in 2,700 models and a client of the whole API that the agent never uses: 20 MB of memory.
 * Only two names of it are needed for its types to load.
 */
const slimClient = {
  name: "slim-client-node",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({
      path: join(here, "..", "node_modules/@kubernetes/client-node/dist/config.js"),
    }))
    onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer }) =>
      importer.includes("client-node") ? { path: "gen", namespace: "slim" } : undefined,
    )
    onLoad({ filter: /.*/, namespace: "slim" }, () => ({
      contents:
        "export const createConfiguration = undefined\nexport const ServerConfiguration = undefined\n",
    }))
  },
}

const { metafile, warnings } = await build({
  entryPoints: [join(here, "src", "main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  minify: true,
  keepNames: true,
  legalComments: "none",
  metafile: true,
  plugins: [slimClient],
  logLevel: "error",
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as smmRequire } from "node:module"; const require = smmRequire(import.meta.url);',
  },
})
await chmod(outfile, 0o755)
const { bytes } = Object.values(metafile.outputs)[0]
console.log(
  `agent/dist/smm-agent.mjs: ${(bytes / 1024).toFixed(0)} KB${warnings.length > 0 ? `, ${warnings.length} warnings` : ""}`,
)
