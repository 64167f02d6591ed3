import type { KubeObject } from "../../../kube/object.ts"
import { list, record } from "../../../topology/fact/read.ts"
import { type Check, type View, check } from "../../check.ts"
import { rule } from "../../rule.ts"
import { destinationRuleKind, serviceEntryKind, virtualServiceKind } from "./kinds.ts"

export const exportToUnknown = rule({
  code: "exportto.namespace_unknown",
  aliases: ["KIA0005"],
  level: "error",
  title: "Object is exported to a namespace that is not there",
  effect: "Nobody there sees it",
  remedy: "Correct the namespace, or remove it from exportTo",
  source: "https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService",
})

const isNamespace = (view: View, name: string): boolean =>
  view.get("Namespace", "", name) !== undefined ||
  view.others.some((other) => other.get("Namespace", "", name) !== undefined)

const isWord = (entry: string): boolean => entry === "*" || entry === "." || entry === "~" || entry === ""

const of = (kind: string): Check =>
  check({
    name: `exportto/${kind}`,
    subject: kind,
    reads: ["Namespace"],
    needs: ["Namespace"],
    rules: [exportToUnknown],
    run: (object, view, report) => {
      const entries = list(record(object["spec"])["exportTo"])
      for (let at = 0; at < entries.length; at++) {
        const entry = entries[at]
        if (typeof entry !== "string" || isWord(entry) || isNamespace(view, entry)) continue
        report(exportToUnknown, {
          path: `spec.exportTo[${at}]`,
          message: `there is no namespace ${entry}`,
          ...fixOf(object, { kind, at, entry, entries }),
        })
      }
    },
  })

/** One of several can be left out; the last one would mean all. */
function fixOf(
  object: KubeObject,
  { kind, at, entry, entries }: { kind: string; at: number; entry: string; entries: readonly unknown[] },
) {
  if (entries.length < 2) return {}
  const { name, namespace = "" } = object.metadata
  return {
    fix: {
      title: `Do not export to ${entry}`,
      edits: [
        {
          object: { kind, namespace, name },
          patch: [{ op: "remove" as const, path: `/spec/exportTo/${at}` }],
        },
      ],
    },
  }
}

const annotation = "networking.istio.io/exportTo"

const serviceExportTo = check({
  name: "exportto/Service",
  subject: "Service",
  reads: ["Namespace"],
  needs: ["Namespace"],
  rules: [exportToUnknown],
  run: (object, view, report) => {
    const written = object.metadata.annotations?.[annotation]
    if (typeof written !== "string") return
    for (const part of written.split(",")) {
      const entry = part.trim()
      if (isWord(entry) || isNamespace(view, entry)) continue
      report(exportToUnknown, {
        path: `metadata.annotations["${annotation}"]`,
        message: `there is no namespace ${entry}`,
      })
      return
    }
  },
})

export const exportToChecks: readonly Check[] = [
  of(virtualServiceKind),
  of(destinationRuleKind),
  of(serviceEntryKind),
  serviceExportTo,
]
