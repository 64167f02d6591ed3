import type { Reader } from "../../incremental/tracker.ts"
import type { KubeObject } from "../../kube/object.ts"
import type { Check, Family } from "../check.ts"
import type { Finding } from "../finding.ts"
import type { ClusterState } from "./cluster.ts"

/**
 * Checks that are asked together: those of any family that look at nothing but their subject, and those of one family that look further. Each by
 * itself would be a hundred thousand evaluations of a large mesh, all alike in what they look at.
 */
export type Group = readonly Check[]

/** The groups of each kind of subject. */
export function groupsOf(families: readonly Family[]): ReadonlyMap<string, readonly Group[]> {
  const subjects = new Set(families.flatMap(({ checks }) => checks.map(({ subject }) => subject)))
  return new Map(
    [...subjects].map((subject): [string, Group[]] => {
      const byFamily = families.map(({ checks }) => checks.filter((check) => check.subject === subject))
      const alone = byFamily.flat().filter(({ reads }) => reads.length === 0)
      const looking = byFamily.map((checks) => checks.filter(({ reads }) => reads.length > 0))
      return [subject, [alone, ...looking].filter((group) => group.length > 0)]
    }),
  )
}

/** Of the many that nothing can change for: never added to. */
export const none: Evaluation[] = []

/** An object that checks are asked about. */
export class Subject {
  readonly object: KubeObject
  /** As it was given. */
  readonly raw: KubeObject
  readonly cluster: ClusterState
  readonly groups: readonly Group[]
  /** Those that found something or looked at something: what others looked at nothing for cannot change. */
  evaluations: Evaluation[] = none
  alive = true
  /** All of its groups are to be asked. */
  waits = false

  constructor(object: KubeObject, raw: KubeObject, cluster: ClusterState, groups: readonly Group[]) {
    this.object = object
    this.raw = raw
    this.cluster = cluster
    this.groups = groups
  }
}

/** One answer of a group about a subject. It is never asked again: what it read tells it when it is old, and a new one takes its place. */
export class Evaluation implements Reader {
  alive = true
  findings: Finding[] | undefined
  readonly group: Group
  readonly subject: Subject

  constructor(group: Group, subject: Subject) {
    this.group = group
    this.subject = subject
  }

  invalidate(): void {
    this.subject.cluster.old.add(this)
  }
}
