import { defineConfig } from "vitest/config"

/** Unit, flow and contract suites of every room but the browser's components, which need the Svelte compiler. */
export default defineConfig({
  test: {
    include: ["{shared,agent,cloud,cli,demo,test}/**/*.test.ts", "web/src/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "test/e2e/**", "**/*.svelte.test.ts"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Suites that start servers mostly wait for them: more at once than there are cores of a small machine.
    maxWorkers: 4,
  },
})
