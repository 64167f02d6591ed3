import { type MeshSettings, defaultSettings } from "../../istio/mesh.ts"
import { type Json, record, strings, text } from "../../topology/fact/read.ts"

/** What MeshConfig says of routing and security; what it does not say stays as given. Source: istio.io, MeshConfig. */
export function settingsOf(meshConfig: unknown, otherwise: MeshSettings = defaultSettings): MeshSettings {
  const config: Json = record(meshConfig)
  const mode = text(record(config["outboundTrafficPolicy"])["mode"])
  return {
    ...otherwise,
    rootNamespace: text(config["rootNamespace"]) || otherwise.rootNamespace,
    trustDomain: text(config["trustDomain"]) || otherwise.trustDomain,
    autoMtls: typeof config["enableAutoMtls"] === "boolean" ? config["enableAutoMtls"] : otherwise.autoMtls,
    outbound: mode === "REGISTRY_ONLY" || mode === "ALLOW_ANY" ? mode : otherwise.outbound,
    exportTo: {
      service: strings(config["defaultServiceExportTo"]),
      virtualService: strings(config["defaultVirtualServiceExportTo"]),
      destinationRule: strings(config["defaultDestinationRuleExportTo"]),
    },
  }
}
