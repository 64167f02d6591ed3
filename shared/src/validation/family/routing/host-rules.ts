import { rule } from "../../rule.ts"

const source = "https://istio.io/latest/docs/ops/best-practices/traffic-management/#split-virtual-services"

export const meshHostConflict = rule({
  code: "virtualservice.mesh_host_conflict",
  aliases: ["IST0109", "KIA1106"],
  level: "error",
  title: "Two VirtualServices on the mesh have the same host",
  effect:
    "A sidecar uses only one of them for the host: the one private to its namespace, else the oldest; the routes of the other are ignored",
  remedy:
    "Join their routes in one VirtualService (with delegates, where several teams own them), or export them to different namespaces",
  source,
})

export const meshHostOverridden = rule({
  code: "virtualservice.mesh_host_overridden",
  aliases: ["IST0109"],
  level: "info",
  title: "Hosts of two VirtualServices with different exportTo overlap",
  effect:
    "A sidecar uses the VirtualService with the closest host, so in some namespaces the one answers, and in others the other",
  remedy:
    "Nothing, if the one is meant as an exception of the other; else give them hosts or namespaces apart",
  source,
})

export const wildcardNarrowed = rule({
  code: "virtualservice.wildcard_narrowed",
  aliases: [],
  level: "info",
  title: "Another VirtualService has a closer host than this wildcard",
  effect:
    "Requests to the closer host are answered by that VirtualService alone; none of the routes here is asked",
  remedy: "Nothing, if it is meant as an exception; else repeat the routes there",
  source,
})

export const notImported = rule({
  code: "virtualservice.not_imported",
  aliases: [],
  level: "warning",
  title: "No Sidecar imports this VirtualService",
  effect: "The Sidecars of all namespaces it is exported to leave it out, so no proxy of the mesh follows it",
  remedy: "Add its namespace and host to the egress hosts of the Sidecar, or export it to other namespaces",
  source: "https://istio.io/latest/docs/reference/config/networking/sidecar/#IstioEgressListener",
})

export const ruleShadowed = rule({
  code: "virtualservice.rule_shadowed_elsewhere",
  aliases: [],
  level: "warning",
  title: "A route of another VirtualService takes all requests of this one",
  effect:
    "At a gateway Istio joins the routes of all VirtualServices of a host, oldest first and catch-all routes last; the first match counts, so this route is never asked",
  remedy:
    "Narrow the other route, give this one a match of its own, or join the two VirtualServices in the order that is meant",
  source,
})

export const matchShadowed = rule({
  code: "virtualservice.match_shadowed_elsewhere",
  aliases: [],
  level: "info",
  title: "A route of another VirtualService takes all requests of this match",
  effect:
    "At a gateway Istio joins the routes of all VirtualServices of a host, oldest first and catch-all routes last; this match is never asked, others of its route are",
  remedy: "Remove the match, or narrow the other route",
  source,
})
