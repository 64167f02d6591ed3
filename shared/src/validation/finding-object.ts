import { z } from "zod"
import { textHash } from "../kube/bucket.ts"
import type { KubeObject } from "../kube/object.ts"
import { record } from "../topology/fact/read.ts"
import type { Finding } from "./finding.ts"
import { Ref } from "../edit/edit-schema.ts"
import { Fix, Level, Reference } from "./finding-schema.ts"
import type { Suppression } from "./suppression.ts"

export { findingKind } from "./finding-kind.ts"

/** What the `spec` of a finding's object holds. */
export const FindingSpec = z.object({
  code: z.string(),
  level: Level,
  message: z.string(),
  object: Ref,
  path: z.string(),
  references: z.array(Reference),
  fix: Fix.nullable(),
  /** What the object's own annotations ask for; whether it still holds is for the reader's clock. */
  suppression: z
    .object({
      code: z.string(),
      object: z.string(),
      until: z.string().nullable(),
      by: z.enum(["annotation", "settings", "option"]),
    })
    .nullable(),
})

const mostText = 2_000
const mostReferences = 50

/** The name says what is found where, and stays the same while it is found. `same`: how many others of this code stand at this place. */
function nameOf({ code, object, path }: Finding, same: number): string {
  const place = [object.kind, object.namespace, object.name, path, String(same)].join("\n")
  return `${code}.${textHash(place).toString(36)}`
}

/** A finding as an object of the inventory; cut to what a person reads. */
export const findingObject = (
  finding: Finding,
  suppression: Suppression | null,
  same: number,
): KubeObject => ({
  apiVersion: "smm.io/v1",
  kind: "Finding",
  metadata: {
    name: nameOf(finding, same),
    ...(finding.object.namespace === "" ? {} : { namespace: finding.object.namespace }),
  },
  spec: {
    code: finding.code,
    level: finding.level,
    message: finding.message.slice(0, mostText),
    object: finding.object,
    path: finding.path,
    references: finding.references.slice(0, mostReferences),
    fix: finding.fix,
    suppression,
  },
})

export type KeptFinding = { finding: Finding; suppression: Suppression | null }

/** A finding out of the inventory, of a cluster; undefined for an object that is none (of a newer agent). */
export function findingOf(object: KubeObject, cluster: string): KeptFinding | undefined {
  const parsed = FindingSpec.safeParse(record(object["spec"]))
  if (!parsed.success) return undefined
  const { suppression, ...finding } = parsed.data
  return {
    finding: {
      ...finding,
      cluster,
      references: finding.references.map((reference) => ({
        ...reference,
        cluster: reference.cluster === "" ? cluster : reference.cluster,
      })),
    },
    suppression,
  }
}
