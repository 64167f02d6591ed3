import type { Retries } from "#shared/istio/route.ts"
import type { Attempt } from "./attempt.ts"
import { type Served, localReply } from "./branch.ts"
import { around, capped, within } from "./latency.ts"

const grpcNames: Readonly<Record<string, string>> = {
  "1": "cancelled",
  "4": "deadline-exceeded",
  "8": "resource-exhausted",
  "13": "internal",
  "14": "unavailable",
}

/** Whether a retry policy takes the failure. Source: Envoy, `x-envoy-retry-on` and `x-envoy-retry-grpc-on`. */
function isRetried({ code, grpc, failure, flags }: Attempt, on: readonly string[]): boolean {
  if (["NC", "UH", "UT"].includes(flags)) return false
  const answered = failure === ""
  const status = Number(code)
  return on.some((entry) => {
    if (entry === "5xx") return status >= 500
    if (entry === "gateway-error") return status >= 502 && status <= 504
    if (entry === "retriable-status-codes") return answered && status === 503
    if (entry === "connect-failure" || entry === "reset") return failure === entry
    return answered && (entry === code || (grpc !== "" && entry === grpcNames[grpc]))
  })
}

/** Tries again as the route says: the server sees more, the caller fewer failures. */
export function withRetries(attempts: readonly Attempt[], { attempts: count, on }: Retries): Attempt[] {
  const retried = attempts.map((attempt) => count > 0 && isRetried(attempt, on))
  const failing = attempts.reduce((sum, { share }, i) => sum + (retried[i] ? share : 0), 0)
  if (failing === 0) return [...attempts]
  const left = failing ** (count + 1)
  const tries = failing >= 1 ? count + 1 : (1 - left) / (1 - failing)
  return attempts.map((attempt, i) => ({
    ...attempt,
    share: retried[i] ? (attempt.share * left) / failing : attempt.share * tries,
    flags: retried[i] ? (attempt.flags === "-" ? "URX" : `${attempt.flags},URX`) : attempt.flags,
    server: attempt.server && { ...attempt.server, share: attempt.server.share * tries },
  }))
}

/** Splits what takes longer than the route's timeout: the caller sees 504, the server an answer that nobody waited for. */
export function withTimeout(
  attempts: readonly Attempt[],
  limitMs: number | null,
  protocol: string,
): Attempt[] {
  if (limitMs === null) return [...attempts]
  return attempts.flatMap((attempt): Attempt[] => {
    const inTime = within(attempt.latency, limitMs)
    if (attempt.server === null || inTime > 0.9999) return [attempt]
    const part = (share: number): Served | null =>
      attempt.server && { ...attempt.server, share: attempt.server.share * share }
    const late = part(1 - inTime)
    return [
      {
        ...attempt,
        share: attempt.share * inTime,
        server: part(inTime),
        latency: capped(attempt.latency, limitMs),
      },
      {
        ...attempt,
        ...localReply(protocol, 504),
        share: attempt.share * (1 - inTime),
        flags: "UT",
        server: late && { ...late, code: "0", flags: "DC" },
        latency: around(limitMs),
      },
    ]
  })
}
