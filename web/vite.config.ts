import adapter from "@sveltejs/adapter-static"
import { sveltekit } from "@sveltejs/kit/vite"
import { defineConfig } from "vite"
import { ruleTextsPlugin } from "./without-rule-texts.ts"

/** Where the API runs while the console is developed (`npx vite web` beside a running `npm start`). */
const server = process.env["SMM_SERVER"] ?? "http://127.0.0.1:7780"

/** The build is made beside the one that is served, and takes its place when it is whole (cli/start/build.mjs). */
const folder = process.env["SMM_WEB_OUT"] ?? "build"

export default defineConfig({
  plugins: [
    ruleTextsPlugin(),
    sveltekit({
      adapter: adapter({ pages: folder, assets: folder, fallback: "200.html", precompress: true }),
      outDir: process.env["SMM_WEB_WORK"] ?? ".svelte-kit",
      // The version only has to differ when the files do; a build of the same sources is the same build.
      version: { name: process.env["SMM_BUILD"] ?? "dev" },
    }),
  ],
  build: { target: "es2023", reportCompressedSize: false },
  worker: { format: "es", plugins: () => [ruleTextsPlugin()] },
  server: { fs: { allow: [".."] }, proxy: { "/api": { target: server, changeOrigin: true } } },
})
