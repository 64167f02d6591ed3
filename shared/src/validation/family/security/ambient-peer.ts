import { selectInstances } from "../../../istio/mesh.ts"
import { record } from "../../../topology/fact/read.ts"
import { check } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { dataplaneAt } from "./coverage.ts"
import { instanceKinds, peerAuthentication } from "./kinds.ts"
import { namespaceOf, selectorLabels, specOf } from "./policy.ts"

export const disableIgnored = rule({
  code: "peerauthentication.disable_ignored",
  aliases: [],
  level: "warning",
  title: "Mutual TLS cannot be disabled for captured pods",
  effect:
    "Ztunnels read DISABLE as PERMISSIVE, and talk to each other over HBONE, which is mutual TLS, all the same",
  remedy: "Write PERMISSIVE, or take the pods out of ambient",
  source: "https://istio.io/latest/docs/ambient/architecture/data-plane/",
})

/** The places that say DISABLE. */
function disabledPaths(spec: Readonly<Record<string, unknown>>): string[] {
  const paths: string[] = []
  if (record(spec["mtls"])["mode"] === "DISABLE") paths.push("spec.mtls.mode")
  const ports = spec["portLevelMtls"] === undefined ? {} : record(spec["portLevelMtls"])
  for (const port in ports)
    if (record(ports[port])["mode"] === "DISABLE") paths.push(at("spec.portLevelMtls", port, "mode"))
  return paths
}

export const ambientPeers = check({
  name: "peerauthentication/ambient",
  subject: peerAuthentication,
  reads: [...instanceKinds, "Namespace"],
  needs: ["Pod"],
  rules: [disableIgnored],
  run: (policy, view, report) => {
    const spec = specOf(policy)
    const paths = disabledPaths(spec)
    const namespace = namespaceOf(policy)
    if (paths.length === 0 || namespace === view.settings.rootNamespace) return
    const labels = selectorLabels(spec)
    const instances =
      labels === undefined
        ? (view.mesh.instances.get(namespace) ?? [])
        : selectInstances(view.mesh, namespace, labels)
    const captured = instances.find((instance) => dataplaneAt(view, instance) === "ambient")
    if (captured === undefined) return
    for (const path of paths)
      report(disableIgnored, {
        path,
        message: `a ztunnel captures ${captured.workload.name}, and takes mutual TLS whatever this says`,
        references: [{ object: captured.object, path: "" }],
      })
  },
})
