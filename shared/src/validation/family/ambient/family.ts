import type { Family } from "../../check.ts"
import { bindingChecks } from "./bindings.ts"
import { policyChecks } from "./policies.ts"
import { proxyVersions } from "./proxy-version.ts"
import { ambientRoutes } from "./routes.ts"
import { ambientRules } from "./rules.ts"
import { workloadChecks } from "./workloads.ts"

/** Ztunnels, waypoints, sidecars beside them, and the versions of proxies. */
export const ambient: Family = {
  rules: ambientRules,
  checks: [...bindingChecks, ...workloadChecks, ...policyChecks, ambientRoutes, proxyVersions],
}
