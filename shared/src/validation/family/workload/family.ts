import type { Family } from "../../check.ts"
import { annotationChecks } from "./annotation.ts"
import { jwksFetch, meshNetworks } from "./control-plane.ts"
import { deploymentPorts } from "./deployment-ports.ts"
import { injection, injectionLabels } from "./namespace.ts"
import { deploymentUser, imageAuto, podUser } from "./pod-spec.ts"
import { missingProxy, proxyImages } from "./proxy.ts"
import { servicePorts } from "./service-ports.ts"
import { targetPorts } from "./target-port.ts"
import { controlPlaneUrls, injectors, injectorServices } from "./webhook.ts"

const checks = [
  ...annotationChecks,
  ...[injectionLabels, injection, missingProxy, proxyImages],
  ...[podUser, deploymentUser, imageAuto, deploymentPorts],
  ...[servicePorts, targetPorts],
  ...[injectors, injectorServices, ...controlPlaneUrls],
  ...[meshNetworks, jwksFetch],
]

/** How workloads come into the mesh: injection, images, annotations, ports, webhooks and the control plane's own settings. */
export const workload: Family = { rules: [...new Set(checks.flatMap(({ rules }) => rules))], checks }
