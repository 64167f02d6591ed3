import { type KubeObject, refOf } from "../../../kube/object.ts"
import { type Json, list, record, text } from "../../../topology/fact/read.ts"
import { type Report, type View, check } from "../../check.ts"
import { at, pointerOf } from "../../path.ts"
import { rule } from "../../rule.ts"
import { similar } from "../services/words.ts"
import { group, referenceGrantKind } from "./kinds.ts"

const source = "https://gateway-api.sigs.k8s.io/api-types/referencegrant/"

export const fromUnknown = rule({
  code: "referencegrant.namespace_unknown",
  aliases: ["KIA1601"],
  level: "error",
  title: "ReferenceGrant is for a namespace that is not there",
  effect: "It grants nothing",
  remedy: "Correct the namespace, or remove the entry",
  source,
})
export const grantsNothing = rule({
  code: "referencegrant.grants_nothing",
  aliases: [],
  level: "warning",
  title: "ReferenceGrant lets nothing through",
  effect: "References it is meant for are refused as if it were not there",
  remedy: "Correct group, kind or name",
  source,
})

const fromKinds = ["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"]
const toKinds = ["Service", "Secret", "ConfigMap"]

const exists = (view: View, namespace: string): boolean =>
  view.get("Namespace", "", namespace) !== undefined ||
  view.others.some((other) => other.get("Namespace", "", namespace) !== undefined)

export const grantNamespaces = check({
  name: "referencegrant/namespaces",
  subject: referenceGrantKind,
  reads: ["Namespace"],
  needs: ["Namespace"],
  rules: [fromUnknown],
  run: (grant, view, report) => {
    for (const [index, from] of list(record(grant["spec"])["from"]).entries()) {
      const namespace = text(record(from)["namespace"])
      if (namespace === "" || exists(view, namespace)) continue
      report(fromUnknown, {
        path: at("spec", "from", index, "namespace"),
        message: `there is no namespace ${namespace}`,
      })
    }
  },
})

/** What is wrong with an entry, and the group it should have, where that is all. */
type Problem = { message: string; group?: string }

function fromProblem(from: Json, own: string): Problem | undefined {
  const kind = text(from["kind"])
  const of = text(from["group"])
  if (of === "" && fromKinds.includes(kind))
    return { message: `${kind} is of group ${group}, which is to be written`, group }
  if (of !== group) return undefined
  if (!fromKinds.includes(kind)) {
    const names = similar(kind, fromKinds)
    return {
      message: `${kind} is no kind of ${group} that refers to others${names.length > 0 ? `; there is ${names.join(", ")}` : ""}`,
    }
  }
  return from["namespace"] === own
    ? { message: `references within namespace ${own} need no grant` }
    : undefined
}

function toProblem(to: Json, grant: KubeObject, view: View): Problem | undefined {
  const kind = text(to["kind"])
  const of = text(to["group"])
  const name = text(to["name"])
  const namespace = grant.metadata.namespace ?? ""
  if (of === "core" || of === "v1") return { message: `${kind} is of the group "", not ${of}`, group: "" }
  if (of !== "") return undefined
  if (!toKinds.includes(kind)) {
    const names = similar(kind, toKinds)
    return {
      message: `${kind} is no kind that Istio takes references to${names.length > 0 ? `; there is ${names.join(", ")}` : ""}`,
    }
  }
  if (kind !== "Service" || name === "" || view.get("Service", namespace, name)) return undefined
  return view.inNamespace("Service", namespace).length > 0
    ? { message: `there is no Service ${namespace}/${name}` }
    : undefined
}

function reportProblem(grant: KubeObject, path: string, problem: Problem | undefined, report: Report): void {
  if (problem === undefined) return
  const { message, group: value } = problem
  report(grantsNothing, {
    path,
    message,
    ...(value === undefined
      ? {}
      : {
          fix: {
            title: `Write ${value === "" ? "the empty group" : value}`,
            edits: [
              { object: refOf(grant), patch: [{ op: "add", path: pointerOf(at(path, "group")), value }] },
            ],
          },
        }),
  })
}

export const grantKinds = check({
  name: "referencegrant/kinds",
  subject: referenceGrantKind,
  reads: ["Service"],
  rules: [grantsNothing],
  run: (grant, view, report) => {
    const spec = record(grant["spec"])
    const own = grant.metadata.namespace ?? ""
    for (const [index, from] of list(spec["from"]).entries())
      reportProblem(grant, at("spec", "from", index), fromProblem(record(from), own), report)
    for (const [index, to] of list(spec["to"]).entries())
      reportProblem(grant, at("spec", "to", index), toProblem(record(to), grant, view), report)
  },
})
