import { vi } from "vitest"

/** On a small and busy machine a condition may take its time: it is waited for in earnest, not for vitest's one second. */
const patienceMs = 15_000
const waitFor = vi.waitFor

vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === "number" ? options : { timeout: patienceMs, ...options })
