import fc from "fast-check"
import { vi } from "vitest"

/** On a small and busy machine a condition may take its time: it is waited for in earnest, not for vitest's one second. */
const patienceMs = 15_000
const waitFor = vi.waitFor

vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === "number" ? options : { timeout: patienceMs, ...options })

/** Properties are tried on the same values in each run; another SMM_SEED tries others. */
fc.configureGlobal({ seed: Number(process.env["SMM_SEED"] ?? 20261125) })
