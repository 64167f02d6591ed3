import type { Group, Registry } from "./registry.ts"
import type { Resource } from "./resource.ts"
import { reviewKinds } from "./review.ts"
import { hasScale, scaleKind } from "./scale.ts"
import { noSuchPath } from "./status.ts"

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
const statusVerbs = ["get", "patch", "update"]

/** The version that the demo cluster says it is. */
export const versionInfo = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.0+demo",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "none",
  platform: "memory",
}

/** Groups that have only reviews beside the registry's, under their version. */
const reviewGroups = [...new Set(reviewKinds.map(({ group }) => group))]

type GroupVersions = { name: string; versions: string[] }

function groupVersions(registry: Registry): GroupVersions[] {
  const served = registry.groups().filter(({ name }) => name !== "")
  return [...served, ...reviewGroups.map((name) => ({ name, versions: ["v1"] }))]
}

const apiGroup = ({ name, versions }: GroupVersions) => {
  const all = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: all, preferredVersion: all[0] }
}

function apiResources(resource: Resource) {
  const { plural, singular, kind, namespaced, shortNames, categories } = resource
  const common = { singularName: singular, namespaced, kind }
  const main = {
    name: plural,
    ...common,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  }
  const status = { name: `${plural}/status`, ...common, singularName: "", verbs: statusVerbs }
  return [
    main,
    ...(resource.hasStatus ? [status] : []),
    ...(hasScale(resource)
      ? [{ ...scaleKind, name: `${plural}/scale`, singularName: "", namespaced, verbs: statusVerbs }]
      : []),
    ...(plural === "serviceaccounts" && resource.group === "" ? [tokenResource] : []),
  ]
}

const tokenResource = {
  name: "serviceaccounts/token",
  singularName: "",
  namespaced: true,
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  verbs: ["create"],
}

const reviewResources = (group: string) =>
  reviewKinds
    .filter((review) => review.group === group)
    .map(({ kind, plural, namespaced }) => ({
      name: plural,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs: ["create"],
    }))

/** The resources of one group and version. @throws StatusError 404 */
function resourceList(registry: Registry, group: string, version: string) {
  const served = registry.groups().find(({ name }) => name === group)
  const resources = [
    ...(served?.resources.filter(({ versions }) => versions.includes(version)).flatMap(apiResources) ?? []),
    ...(version === "v1" ? reviewResources(group) : []),
  ]
  if (resources.length === 0) throw noSuchPath()
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources,
  }
}

function aggregatedResource(resource: Resource) {
  const { plural, singular, kind, namespaced, shortNames, categories } = resource
  // empty: those of the list around it, as the real API writes it
  const responseKind = { group: "", version: "", kind }
  const subresources = [
    ...(resource.hasStatus ? [{ subresource: "status", responseKind, verbs: statusVerbs }] : []),
    ...(hasScale(resource) ? [{ subresource: "scale", responseKind: scaleKind, verbs: statusVerbs }] : []),
  ]
  return {
    resource: plural,
    responseKind,
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  }
}

const aggregatedVersion = (group: Group, version: string) => ({
  version,
  freshness: "Current",
  resources: group.resources.filter(({ versions }) => versions.includes(version)).map(aggregatedResource),
})

function aggregated(registry: Registry, isCore: boolean) {
  const groups = registry.groups().filter(({ name }) => (name === "") === isCore)
  const items = groups.map((group) => ({
    metadata: { ...(isCore ? {} : { name: group.name }), creationTimestamp: null },
    versions: group.versions.map((version) => aggregatedVersion(group, version)),
  }))
  const reviews = reviewGroups.map((name) => ({
    metadata: { name, creationTimestamp: null },
    versions: [
      {
        version: "v1",
        freshness: "Current",
        resources: reviewKinds
          .filter(({ group }) => group === name)
          .map(({ kind, plural, namespaced, group }) => ({
            resource: plural,
            responseKind: { group, version: "v1", kind },
            scope: namespaced ? "Namespaced" : "Cluster",
            singularResource: kind.toLowerCase(),
            verbs: ["create"],
          })),
      },
    ],
  }))
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: isCore ? items : [...items, ...reviews],
  }
}

/** Media type of the discovery of all groups in one answer. */
export const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

const wantsAggregated = (accept: string): boolean =>
  accept
    .split(",")
    .map((part) => part.split(";").map((piece) => piece.trim()))
    .some(
      (pieces) =>
        pieces[0] === "application/json" &&
        pieces.includes("as=APIGroupDiscoveryList") &&
        pieces.includes("v=v2"),
    )

/** Answers `/version`, `/api`, `/apis` and what is below them; undefined for other paths. @throws StatusError 404 */
export function discover(
  registry: Registry,
  path: string,
  accept: string,
): { body: unknown; type?: string } | undefined {
  const [root = "", ...rest] = path.split("/").filter((segment) => segment !== "")
  if (root === "version") return { body: versionInfo }
  if (root !== "api" && root !== "apis") return undefined
  if (rest.length === 0 && wantsAggregated(accept))
    return { body: aggregated(registry, root === "api"), type: aggregatedType }
  if (root === "api")
    return {
      body:
        rest[0] === undefined
          ? { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] }
          : resourceList(registry, "", rest[0]),
    }
  const [group, version] = rest
  const groups = groupVersions(registry)
  if (group === undefined)
    return { body: { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(apiGroup) } }
  if (version !== undefined) return { body: resourceList(registry, group, version) }
  const found = groups.find(({ name }) => name === group)
  if (!found) throw noSuchPath()
  return { body: { kind: "APIGroup", apiVersion: "v1", ...apiGroup(found) } }
}
