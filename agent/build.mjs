// Bundles the agent into one file, agent/dist/smm-agent.mjs or the one that is named, which needs nothing but Node 24.
//   node agent/build.mjs [OUTFILE]
import { build } from "esbuild"
import { chmod } from "node:fs/promises"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(fileURLToPath(import.meta.url))
const outfile = resolve(process.argv[2] ?? join(here, "dist", "smm-agent.mjs"))

const modules = join(here, "..", "node_modules")

/**
 * What the agent never uses costs memory all the same, once it is loaded: client-node's 2,700 models and its client of the whole API, all of
 * undici but its plain requests, and zod's 50 languages. The bundle has none of them.
 */
const slim = {
  name: "slim",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({
      path: join(modules, "@kubernetes/client-node/dist/config.js"),
    }))
    onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer }) =>
      importer.includes("client-node") ? { path: "client-node-gen", namespace: "slim" } : undefined,
    )
    onResolve({ filter: /locales\/index\.js$/ }, ({ importer, resolveDir }) =>
      importer.includes("/zod/")
        ? { path: "zod-locales", namespace: "slim", pluginData: resolveDir }
        : undefined,
    )
    onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "slim" }))
    onLoad({ filter: /^client-node-gen$/, namespace: "slim" }, () => ({
      contents:
        "export const createConfiguration = undefined\nexport const ServerConfiguration = undefined\n",
    }))
    onLoad({ filter: /^zod-locales$/, namespace: "slim" }, ({ pluginData }) => ({
      resolveDir: pluginData,
      contents: `export { default as en } from "../locales/en.js"`,
    }))
    onLoad({ filter: /^undici$/, namespace: "slim" }, () => ({
      resolveDir: modules,
      contents: `
        import Agent from "undici/lib/dispatcher/agent.js"
        import send from "undici/lib/api/api-request.js"
        export { Agent }
        export class ProxyAgent {}
        export function request(address, { dispatcher, ...options } = {}) {
          const { origin, pathname, search } = new URL(address)
          const method = options.method ?? (options.body ? "PUT" : "GET")
          return send.call(dispatcher, { ...options, method, origin, path: pathname + search })
        }`,
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
  plugins: [slim],
  logLevel: "error",
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as smmRequire } from "node:module"; const require = smmRequire(import.meta.url);',
  },
})
await chmod(outfile, 0o755)
const { bytes } = Object.values(metafile.outputs)[0]
console.log(
  `${relative(process.cwd(), outfile)}: ${(bytes / 1024).toFixed(0)} KB${warnings.length > 0 ? `, ${warnings.length} warnings` : ""}`,
)
