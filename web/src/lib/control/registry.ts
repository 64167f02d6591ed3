import type { Component } from "svelte"
import type { FormControl } from "#shared/edit/intent.ts"
import type { IconName } from "../ui/icons.ts"
import type { FormProps } from "./form-props.ts"

/** The form of each control, brought when it is opened. */
export const forms: Partial<Record<FormControl, () => Promise<{ default: Component<FormProps> }>>> = {
  routing: () => import("./Routing.svelte"),
  shift: () => import("./Shift.svelte"),
  mirror: () => import("./Mirror.svelte"),
  fault: () => import("./Fault.svelte"),
  "circuit-breaker": () => import("./CircuitBreaker.svelte"),
  "load-balancing": () => import("./LoadBalancing.svelte"),
  "client-tls": () => import("./ClientTls.svelte"),
  mtls: () => import("./Mtls.svelte"),
}

export const controlIcons: Record<FormControl, IconName> = {
  routing: "routing",
  shift: "shift",
  mirror: "mirror",
  fault: "fault",
  "circuit-breaker": "breaker",
  "load-balancing": "balance",
  "client-tls": "key",
  mtls: "lock",
}

/** Controls that stand in one rule of a service's routing: their forms want its reading as well. */
export const inRules: ReadonlySet<FormControl> = new Set(["shift", "mirror", "fault"])
