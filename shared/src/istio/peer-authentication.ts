import { record, text } from "../topology/fact/read.ts"
import type { Instance } from "./instance.ts"
import { type Config, type Mesh, isSubset, selectorOf } from "./mesh.ts"
import { type Reason, named, reason } from "./reason.ts"

export type MtlsMode = "DISABLE" | "PERMISSIVE" | "STRICT"
export type PeerAuthenticationDecision = { mode: MtlsMode; reasons: readonly Reason[] }

const modeOf = (mtls: unknown): MtlsMode | undefined => {
  const mode = text(record(mtls)["mode"])
  return mode === "STRICT" || mode === "PERMISSIVE" || mode === "DISABLE" ? mode : undefined
}

/** What a workload asks of its clients on a container port: port, workload, namespace, mesh; the oldest of each level; PERMISSIVE when nobody says. */
export function peerAuthenticationFor(
  mesh: Mesh,
  server: Pick<Instance, "namespace" | "labels">,
  port: number,
): PeerAuthenticationDecision {
  const own = mesh.peerAuthentications.get(server.namespace) ?? []
  // In the root namespace one with a selector is not looked at. Source: pilot `ComposePeerAuthentication`.
  const selecting =
    server.namespace === mesh.settings.rootNamespace
      ? undefined
      : own.find((config) => {
          const selector = selectorOf(config)
          return selector !== undefined && isSubset(selector, server.labels)
        })
  const wide = (config: Config): boolean => selectorOf(config) === undefined
  const root = (mesh.peerAuthentications.get(mesh.settings.rootNamespace) ?? []).find(wide)
  const levels: [Config | undefined, unknown, string][] = [
    [selecting, record(selecting?.spec["portLevelMtls"])[String(port)], `port ${port} of the workload`],
    [selecting, selecting?.spec["mtls"], "the workload"],
    [own.find(wide), own.find(wide)?.spec["mtls"], `namespace ${server.namespace}`],
    [root, root?.spec["mtls"], "the mesh"],
  ]
  for (const [config, mtls, scope] of levels) {
    const mode = modeOf(mtls)
    if (config && mode)
      return {
        mode,
        reasons: [
          reason(
            "peer_authentication.found",
            `${named(config.object)} asks ${mode} of ${scope}`,
            config.object,
          ),
        ],
      }
  }
  return {
    mode: "PERMISSIVE",
    reasons: [
      reason(
        "peer_authentication.default",
        "No PeerAuthentication applies: plaintext and mutual TLS are taken",
      ),
    ],
  }
}
