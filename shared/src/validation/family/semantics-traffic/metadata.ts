import { record } from "../../../topology/fact/read.ts"
import { type Check, check } from "../../check.ts"
import { at } from "../../path.ts"
import { rule } from "../../rule.ts"
import { dryRun, reserved } from "../../semantic/annotation.ts"
import { refused, removal, sayTo } from "./say.ts"

export const annotationRefused = rule({
  code: "object.annotation_refused",
  aliases: ["IST0106"],
  level: "error",
  title: "An annotation is not for this kind, or for istiod only",
  effect: refused,
  remedy: "Remove the annotation",
})

const networking = [
  "VirtualService",
  "Gateway",
  "ServiceEntry",
  "WorkloadEntry",
  "WorkloadGroup",
  "DestinationRule",
]
const kinds = [
  ...[...networking, "Sidecar", "EnvoyFilter", "ProxyConfig"].map((kind) => `${kind}.networking.istio.io`),
  ...["AuthorizationPolicy", "RequestAuthentication", "PeerAuthentication"].map(
    (kind) => `${kind}.security.istio.io`,
  ),
  "Telemetry.telemetry.istio.io",
  ...["WasmPlugin", "TrafficExtension"].map((kind) => `${kind}.extensions.istio.io`),
]

/** What the validation of every Istio kind begins with. Source: istio pkg/config/validation `validateMetadata`. */
export const metadataChecks: readonly Check[] = kinds.map((kind) =>
  check({
    name: `annotations/${kind}`,
    subject: kind,
    reads: [],
    rules: [annotationRefused],
    run: (object, _view, report) => {
      if (object.metadata.annotations === undefined) return
      const annotations = record(object.metadata.annotations)
      const say = sayTo(report, object)
      const refuse = (name: string, message: string): void => {
        const path = at("metadata.annotations", name)
        if (annotations[name] !== undefined)
          say(annotationRefused, path, message, removal("Remove the annotation", path))
      }
      for (const name of reserved) refuse(name, `${name} is for istiod only`)
      if (!kind.startsWith("AuthorizationPolicy"))
        refuse(dryRun, `${dryRun} is for AuthorizationPolicies only`)
    },
  }),
)
