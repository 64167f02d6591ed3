import { type Check, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import {
  destinationRuleKind,
  instanceKinds,
  peerAuthenticationKind,
  requestAuthenticationKind,
  serviceEntryKind,
  telemetryKind,
  templateKinds,
  wasmPluginKind,
} from "./kinds.ts"
import {
  type Selecting,
  labelsOf,
  reportDefaults,
  reportOverlaps,
  reportUnmatched,
  selectionsOf,
  selectorUnmatched,
} from "./selector.ts"

export const telemetryWorkloadConflict = rule({
  code: "telemetry.workload_conflict",
  aliases: ["IST0159", "KIA0003"],
  level: "error",
  title: "Several Telemetries select one workload",
  effect: "Istio takes the oldest of them for the workload and passes the others over",
  remedy: "Join them, or let one Telemetry select each workload",
  source: "https://istio.io/latest/docs/reference/config/telemetry/",
})
export const telemetryDefaultConflict = rule({
  code: "telemetry.default_conflict",
  aliases: ["IST0160", "KIA0002"],
  level: "error",
  title: "Several Telemetries without a selector in one namespace",
  effect: "Istio takes the oldest of them for the namespace and passes the others over",
  remedy: "Join them into one",
  source: "https://istio.io/latest/docs/reference/config/telemetry/",
})
export const peerAuthenticationWorkloadConflict = rule({
  code: "peerauthentication.workload_conflict",
  aliases: ["KIA0003"],
  level: "error",
  title: "Several PeerAuthentications select one workload",
  effect: "The oldest of them decides whether the workload asks for mutual TLS; the others are passed over",
  remedy: "Keep one PeerAuthentication for each workload",
  source: "https://istio.io/latest/docs/reference/config/security/peer_authentication/",
})
export const peerAuthenticationDefaultConflict = rule({
  code: "peerauthentication.default_conflict",
  aliases: ["KIA0002"],
  level: "error",
  title: "Several PeerAuthentications without a selector in one namespace",
  effect: "The oldest of them decides for the namespace; the others are passed over",
  remedy: "Keep one PeerAuthentication without a selector in a namespace",
  source: "https://istio.io/latest/docs/reference/config/security/peer_authentication/",
})

const byMatchLabels = (kind: string, rootIsEverywhere: boolean): Selecting => ({
  kind,
  path: ["selector", "matchLabels"],
  rootIsEverywhere,
})

const telemetry = byMatchLabels(telemetryKind, false)
const peerAuthentication = byMatchLabels(peerAuthenticationKind, false)

const unmatched = (selecting: Selecting): Check =>
  check({
    name: `selector/${selecting.kind}`,
    subject: selecting.kind,
    reads: [...instanceKinds, ...templateKinds],
    needs: ["Pod"],
    rules: [selectorUnmatched],
    run: (object, view, report) => {
      reportUnmatched(selecting, object, view, report)
    },
  })

/** Kinds whose objects say which workloads they are for. Several RequestAuthentications, or WasmPlugins, of one workload are joined: no conflict. */
export const selectorChecks: readonly Check[] = [
  unmatched(telemetry),
  unmatched(peerAuthentication),
  unmatched(byMatchLabels(requestAuthenticationKind, true)),
  unmatched(byMatchLabels(wasmPluginKind, true)),
  unmatched({
    kind: destinationRuleKind,
    path: ["workloadSelector", "matchLabels"],
    rootIsEverywhere: false,
  }),
  unmatched({ kind: serviceEntryKind, path: ["workloadSelector", "labels"], rootIsEverywhere: false }),
]

const conflicts = (
  selecting: Selecting,
  rules: { overlap: typeof telemetryWorkloadConflict; defaults: typeof telemetryDefaultConflict },
): Check => {
  const selections = selectionsOf(selecting)
  return check({
    name: `selector/conflicts-of-${selecting.kind}`,
    subject: selecting.kind,
    reads: [selecting.kind, ...instanceKinds],
    rules: [rules.overlap, rules.defaults],
    run: (object, view, report) => {
      const labels = labelsOf(selecting, object)
      if (labels === undefined) return
      if (Object.keys(labels).length === 0)
        reportDefaults({ selections, conflict: rules.defaults }, object, view, report)
      else reportOverlaps({ selections, conflict: rules.overlap, selecting }, object, view, report)
    },
  })
}

export const conflictChecks: readonly Check[] = [
  conflicts(telemetry, { overlap: telemetryWorkloadConflict, defaults: telemetryDefaultConflict }),
  conflicts(peerAuthentication, {
    overlap: peerAuthenticationWorkloadConflict,
    defaults: peerAuthenticationDefaultConflict,
  }),
]
