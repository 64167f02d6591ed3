import { type KubeObject, refOf } from "../../../kube/object.ts"
import { check } from "../../check.ts"
import type { Check, Family } from "../../check.ts"
import { kinds } from "./kinds.ts"
import { type Problem, structuralProblems } from "./problems.ts"
import { rules, unknownField, value, version } from "./rules.ts"

/** Whether the object was read from an API server, which then took it by the definition that is installed there. */
const isStored = ({ metadata }: KubeObject): boolean =>
  (metadata.resourceVersion ?? "") !== "" || (metadata.uid ?? "") !== ""

/**
 * A stored object with a field or value that we do not know comes from a newer definition than ours, or was edited since: worth a warning, not proof.
 * A version that we do not know is served there.
 */
const softened = ({ rule }: Problem): "warning" | undefined =>
  rule === unknownField || rule === value ? "warning" : undefined

const structureOf = (kind: string): Check =>
  check({
    name: `structure/${kind}`,
    subject: kind,
    reads: [],
    rules,
    raw: true,
    run: (object, _view, report) => {
      const problems = structuralProblems(kind, object)
      if (problems.length === 0) return
      const stored = isStored(object)
      for (const problem of problems) {
        if (stored && problem.rule === version) continue
        const level = stored ? softened(problem) : undefined
        report(problem.rule, {
          path: problem.path,
          message: problem.message,
          ...(level === undefined ? {} : { level }),
          ...(problem.fix === null
            ? {}
            : {
                fix: {
                  title: problem.fix.title,
                  edits: [{ object: refOf(object), patch: problem.fix.patch }],
                },
              }),
        })
      }
    },
  })

/** What the definitions of the kinds say: the layer that the API server itself enforces. */
export const structure: Family = { rules, checks: [...kinds.keys()].map(structureOf) }
