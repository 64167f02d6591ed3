import type { Fields } from "./json.ts"
import type { Registry } from "./registry.ts"
import type { Resource } from "./resource.ts"
import { noSuchPath } from "./status.ts"

const parameter = (name: string): Fields => ({ name, in: "query", schema: { type: "string" } })

const writeParameters = ["dryRun", "fieldManager", "fieldValidation"].map(parameter)

const root = (group: string, version: string) =>
  group === "" ? `api/${version}` : `apis/${group}/${version}`

const schemaName = (resource: Resource, version: string) =>
  `${resource.group === "" ? "core" : resource.group}.${version}.${resource.kind}`

/** An OpenAPI document of one group and version: kinds, patch parameters, and the schemas of custom kinds, as far as kubectl reads it. */
function document(registry: Registry, group: string, version: string): Fields {
  const resources = registry
    .groups()
    .filter(({ name }) => name === group)
    .flatMap((found) => found.resources)
    .filter(({ versions }) => versions.includes(version))
  if (resources.length === 0) throw noSuchPath()
  const paths: Fields = {}
  const schemas: Fields = {}
  for (const resource of resources) {
    const gvk = { group, version, kind: resource.kind }
    const place = resource.namespaced ? "namespaces/{namespace}/" : ""
    paths[`/${root(group, version)}/${place}${resource.plural}/{name}`] = {
      patch: {
        parameters: [...writeParameters, parameter("force")],
        responses: { 200: { description: "OK" } },
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": gvk,
      },
    }
    schemas[schemaName(resource, version)] = {
      ...(resource.custom?.get(version)?.schema ?? { type: "object" }),
      "x-kubernetes-group-version-kind": [gvk],
    }
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "demo" },
    paths,
    components: { schemas },
  }
}

/** Answers `/openapi/v3` and what is below it; undefined for other paths. @throws StatusError 404 */
export function openApi(registry: Registry, path: string): unknown {
  if (!path.startsWith("/openapi/v3")) return undefined
  const inner = path.slice("/openapi/v3".length).replace(/^\/|\/$/g, "")
  if (inner === "") {
    const paths: Fields = {}
    for (const { name, versions } of registry.groups())
      for (const version of versions)
        paths[root(name, version)] = { serverRelativeURL: `/openapi/v3/${root(name, version)}` }
    return { paths }
  }
  const [kind, ...rest] = inner.split("/")
  const [group = "", version = ""] = kind === "api" ? ["", rest[0]] : rest
  return document(registry, group, version)
}
