import type { FormControl } from "#shared/edit/intent.ts"

/** The controls by the names they have in the console. */
export const controlTitles: Record<FormControl, string> = {
  routing: "Routing",
  shift: "Shift traffic",
  mirror: "Mirror",
  fault: "Fault injection",
  "circuit-breaker": "Circuit breaking",
  "load-balancing": "Load balancing",
  "client-tls": "Client TLS",
  mtls: "mTLS",
}
