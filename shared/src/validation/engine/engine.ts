import { type Reader, type Source, Tracker } from "../../incremental/tracker.ts"
import { type MeshSettings, defaultSettings } from "../../istio/mesh.ts"
import { type KubeObject, type ObjectRef, kindKeyOf, refOf } from "../../kube/object.ts"
import type { Check, Details, Family } from "../check.ts"
import { type Finding, byPlace, findingKey } from "../finding.ts"
import type { Rule } from "../rule.ts"
import { ClusterState, type KindState, keyOf, live } from "./cluster.ts"
import { wellFormed } from "./input.ts"

/** Rules that could not be asked, and why: "may not list Secrets". */
export type NotEvaluated = {
  cluster: string
  codes: readonly string[]
  /** The kind that is missing for it. */
  kind: string
  state: Exclude<KindState["state"], "live">
  reason: string
  /** How many objects were not checked for it. */
  objects: number
}

/** Findings that appeared and disappeared. */
export type Delta = { added: Finding[]; removed: Finding[] }

/** What a change does: objects to put (in place of those of the same name) and objects to take away, in one cluster. */
export type Change = { cluster: string; put?: readonly KubeObject[]; remove?: readonly ObjectRef[] }

export type EngineOptions = {
  families: readonly Family[]
  /** Of each cluster, until its MeshConfig says otherwise. */
  settings?: MeshSettings
  istioNamespace?: string
  /** Milliseconds since 1970; without it nothing is said of what expires. */
  now?: number
  /** Throws at a read of a kind that the check does not declare. For tests. */
  strict?: boolean
}

/** A check that threw: a fault of ours, told rather than hidden. */
const fault: Rule = {
  code: "engine.fault",
  aliases: ["IST0001"],
  level: "warning",
  title: "A check failed on this object",
  effect: "What this check would have found is not known",
  remedy: "Tell us what the object looks like; the other checks are not affected",
}

/**
 * Checks that are asked together: those of any family that look at nothing but their subject, and those of one family that look further. Each by
 * itself would be a hundred thousand evaluations of a large mesh, all alike in what they look at.
 */
type Group = readonly Check[]

/** Of one subject; by family. */
function groupsOf(byFamily: readonly (readonly Check[])[]): Group[] {
  const alone = byFamily.flat().filter(({ reads }) => reads.length === 0)
  const looking = byFamily.map((checks) => checks.filter(({ reads }) => reads.length > 0))
  return [alone, ...looking].filter((group) => group.length > 0)
}

class Evaluation implements Reader {
  alive = true
  /** Whether it has been asked, and so may stand among the readers of what it read. */
  ran = false
  findings: Finding[] | undefined
  readonly group: Group
  readonly object: KubeObject
  /** As it was given. */
  readonly raw: KubeObject
  readonly cluster: ClusterState
  readonly #pending: Set<Evaluation>

  constructor(
    group: Group,
    { object, raw }: { object: KubeObject; raw: KubeObject },
    cluster: ClusterState,
    pending: Set<Evaluation>,
  ) {
    this.group = group
    this.object = object
    this.raw = raw
    this.cluster = cluster
    this.#pending = pending
  }

  invalidate(): void {
    this.#pending.add(this)
  }
}

/** Longer values are quoted in part: a message is for a line. */
const mostMessage = 1_000

/** Of an object without a namespace (a file's) the host is its name: `details`, not `details..svc.cluster.local`. */
function readable(message: string): string {
  const cut = message.length > mostMessage ? `${message.slice(0, mostMessage)}…` : message
  return cut.includes("..svc.") ? cut.replaceAll(/([\w-]+)\.\.svc\.[\w-]+(\.[\w-]+)*/g, "$1") : cut
}

const isStructural = ({ code, level }: Finding): boolean => level === "error" && code.startsWith("schema.")

const parentOf = (path: string): string => path.replace(/(\.[\w-]+|\[[^\]]*\])$/, "")

/**
 * A field that is missing or of the wrong type is an error of structure; what the semantic checks make of it at the same place, or one step from it,
 * says it again in other words.
 */
function withoutEchoes(findings: Finding[]): Finding[] {
  if (!findings.some(isStructural)) return findings
  const places = new Set(findings.filter(isStructural).map(({ path }) => path))
  const near = new Set([...places].map(parentOf))
  return findings.filter(
    (finding) =>
      finding.code.startsWith("schema.") ||
      finding.level !== "error" ||
      !(places.has(finding.path) || near.has(finding.path) || places.has(parentOf(finding.path))),
  )
}

const idOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind}/${keyOf(namespace, name)}`

/**
 * All rules over all clusters of a mesh, kept up to date: a change runs again only the evaluations that looked at what it touches. Deterministic: the
 * same objects give the same findings, in the same order, whatever order they came in.
 */
export class Engine {
  readonly #tracker = new Tracker()
  readonly #options: EngineOptions
  readonly #groups = new Map<string, Group[]>()
  readonly #checks: readonly Check[]
  readonly #clusters = new Map<string, ClusterState>()
  /** By cluster, then by object. */
  readonly #evaluations = new Map<string, Map<string, Evaluation[]>>()
  readonly #pending = new Set<Evaluation>()
  readonly #speaking = new Set<Evaluation>()
  readonly #gone: Finding[] = []
  readonly #came: Evaluation[] = []
  #blocked = new Map<ClusterState, Map<Check, NotEvaluated | null>>()
  #sorted: readonly Finding[] | undefined
  #evaluation: Evaluation | undefined
  #check: Check | undefined
  #now: number | undefined

  constructor(options: EngineOptions) {
    this.#options = options
    this.#now = options.now
    this.#checks = options.families.flatMap(({ checks }) => checks)
    for (const subject of new Set(this.#checks.map((check) => check.subject))) {
      const of = ({ checks }: Family): Check[] => checks.filter((check) => check.subject === subject)
      this.#groups.set(subject, groupsOf(options.families.map(of)))
    }
    if (options.strict === true)
      this.#tracker.guard = (source) => {
        this.#allow(source)
      }
  }

  #allow({ kinds }: Source): void {
    const check = this.#check
    if (check === undefined) return
    const undeclared = kinds.find((kind) => kind !== check.subject && !check.reads.includes(kind))
    if (undeclared !== undefined)
      throw new Error(`check ${check.name} looks at ${undeclared}, which it does not declare in reads`)
  }

  /** The cluster of a name; made when it is not there. */
  cluster(name: string): ClusterState {
    const known = this.#clusters.get(name)
    if (known !== undefined) return known
    const cluster = new ClusterState(name, this.#tracker, {
      settings: this.#options.settings ?? defaultSettings,
      istioNamespace: this.#options.istioNamespace ?? "istio-system",
      remembers: this.#options.strict !== true,
    })
    if (this.#now !== undefined) cluster.setTime(this.#now)
    this.#clusters.set(name, cluster)
    this.#evaluations.set(name, new Map())
    this.#introduce()
    return cluster
  }

  /** Who else is there decides what is "not found": with another set of clusters everything is asked anew. */
  #introduce(): void {
    const clusters = [...this.#clusters.values()].sort((a, b) => (a.cluster < b.cluster ? -1 : 1))
    for (const cluster of clusters) {
      cluster.others = clusters.filter((other) => other !== cluster)
      this.#askAnew(cluster)
    }
  }

  /** Says what time it is; only what goes by the time is asked anew. */
  setTime(now: number): void {
    if (now === this.#now) return
    this.#now = now
    for (const cluster of this.#clusters.values()) cluster.setTime(now)
  }

  removeCluster(name: string): void {
    for (const evaluations of this.#evaluations.get(name)?.values() ?? []) this.#retire(evaluations)
    this.#evaluations.delete(name)
    this.#clusters.delete(name)
    this.#blocked = new Map()
    this.#introduce()
  }

  #askAnew(cluster: ClusterState): void {
    this.#blocked = new Map()
    for (const evaluations of this.#evaluations.get(cluster.cluster)?.values() ?? [])
      for (const evaluation of evaluations) this.#pending.add(evaluation)
  }

  /** Adds an object or replaces the one of its name; one without kind or name is passed over (false). */
  put(clusterName: string, original: KubeObject): boolean {
    const object = wellFormed(original)
    if (object === undefined) return false
    const cluster = this.cluster(clusterName)
    const kind = kindKeyOf(object)
    const known = this.#evaluations.get(clusterName)
    const id = idOf(kind, object.metadata.namespace, object.metadata.name)
    const before = known?.get(id)
    if (before !== undefined) this.#retire(before)
    const groups = this.#groups.get(kind)
    if (groups !== undefined) {
      const subject = { object, raw: original }
      const evaluations = groups.map((group) => new Evaluation(group, subject, cluster, this.#pending))
      known?.set(id, evaluations)
      for (const evaluation of evaluations) this.#pending.add(evaluation)
    }
    if (cluster.set(object)) this.#askAnew(cluster)
    return true
  }

  remove(clusterName: string, { kind, namespace, name }: ObjectRef): void {
    const cluster = this.#clusters.get(clusterName)
    if (cluster === undefined) return
    const known = this.#evaluations.get(clusterName)
    const id = idOf(kind, namespace, name)
    const before = known?.get(id)
    if (before !== undefined) this.#retire(before)
    known?.delete(id)
    if (cluster.delete(kind, namespace, name)) this.#askAnew(cluster)
  }

  /** Says what may be read of a kind; what is not said is live. */
  setState(clusterName: string, kind: string, state: KindState): void {
    const cluster = this.cluster(clusterName)
    const before = cluster.states.get(kind) ?? live
    cluster.states.set(kind, state)
    if (before.state === state.state && before.reason === state.reason) return
    this.#blocked = new Map()
    for (const evaluations of this.#evaluations.get(clusterName)?.values() ?? [])
      for (const evaluation of evaluations)
        if (evaluation.group.some(({ subject, reads }) => subject === kind || reads.includes(kind)))
          this.#pending.add(evaluation)
  }

  #retire(evaluations: readonly Evaluation[]): void {
    for (const evaluation of evaluations) {
      evaluation.alive = false
      this.#pending.delete(evaluation)
      if (this.#speaking.delete(evaluation)) {
        this.#gone.push(...(evaluation.findings ?? []))
        this.#sorted = undefined
      }
    }
  }

  /** Why a check cannot be answered in a cluster; null when it can. */
  #blockOf(check: Check, cluster: ClusterState): NotEvaluated | null {
    let blocks = this.#blocked.get(cluster)
    if (blocks === undefined) {
      blocks = new Map()
      this.#blocked.set(cluster, blocks)
    }
    const known = blocks.get(check)
    if (known !== undefined) return known
    let block: NotEvaluated | null = null
    for (const kind of [check.subject, ...check.reads]) {
      const { state, reason } = cluster.states.get(kind) ?? live
      const missing = state === "absent" ? check.needs?.includes(kind) === true : state !== "live"
      if (!missing || state === "live") continue
      block = {
        cluster: cluster.cluster,
        codes: check.rules.map(({ code }) => code).sort(),
        kind,
        state,
        reason,
        objects: 0,
      }
      break
    }
    blocks.set(check, block)
    return block
  }

  readonly #report = (rule: Rule, details: Details): void => {
    const evaluation = this.#evaluation
    if (evaluation === undefined) return
    const { cluster } = evaluation.cluster
    evaluation.findings ??= []
    evaluation.findings.push({
      code: rule.code,
      level: details.level ?? rule.level,
      message: readable(details.message),
      cluster,
      object: details.at ?? refOf(evaluation.object),
      path: details.path,
      references: (details.references ?? []).map((reference) => ({ cluster, ...reference })),
      fix: details.fix ?? null,
    })
  }

  #run(evaluation: Evaluation): void {
    evaluation.ran = true
    this.#evaluation = evaluation
    for (const check of evaluation.group)
      if (this.#blockOf(check, evaluation.cluster) === null) this.#ask(check, evaluation)
    this.#evaluation = undefined
    if (evaluation.findings === undefined) return
    evaluation.findings = withoutEchoes(evaluation.findings)
    this.#speaking.add(evaluation)
    this.#came.push(evaluation)
    this.#sorted = undefined
  }

  #ask(check: Check, evaluation: Evaluation): void {
    const before = evaluation.findings?.length ?? 0
    this.#check = check
    try {
      this.#tracker.run(evaluation, () => {
        check.run(check.raw === true ? evaluation.raw : evaluation.object, evaluation.cluster, this.#report)
      })
    } catch (error) {
      if (this.#options.strict === true) throw error
      evaluation.findings?.splice(before)
      this.#report(fault, { path: "", message: `Check ${check.name} failed: ${String(error)}` })
    } finally {
      this.#check = undefined
    }
  }

  /** A run of its own for each answer: the old one is told nothing any more by what it read. */
  #renewed(old: Evaluation): Evaluation {
    if (!old.ran) return old
    this.#retire([old])
    const renewed = new Evaluation(old.group, old, old.cluster, this.#pending)
    const evaluations = this.#evaluations
      .get(old.cluster.cluster)
      ?.get(idOf(kindKeyOf(old.object), old.object.metadata.namespace, old.object.metadata.name))
    const at = evaluations?.indexOf(old) ?? -1
    if (evaluations !== undefined && at >= 0) evaluations[at] = renewed
    return renewed
  }

  /** Runs what is to be run, and says what came of all changes since the last time. */
  settle(): Delta {
    while (this.#pending.size > 0) {
      const pending = [...this.#pending]
      this.#pending.clear()
      for (const old of pending) {
        if (!old.alive) continue
        const evaluation = this.#renewed(old)
        this.#run(evaluation)
      }
    }
    return this.#difference()
  }

  #difference(): Delta {
    const identity = (finding: Finding): string => `${findingKey(finding)}\u0000${finding.message}`
    const removed = new Map(this.#gone.map((finding) => [identity(finding), finding]))
    const added = new Map<string, Finding>()
    for (const evaluation of this.#came)
      if (evaluation.alive)
        for (const finding of evaluation.findings ?? []) added.set(identity(finding), finding)
    this.#gone.length = 0
    this.#came.length = 0
    for (const id of [...added.keys()]) if (removed.delete(id)) added.delete(id)
    return {
      added: [...added.values()].sort(byPlace),
      removed: [...removed.values()].sort(byPlace),
    }
  }

  /** All findings, in their one order; the same said twice of one place is one. */
  findings(): readonly Finding[] {
    this.settle()
    if (this.#sorted === undefined) {
      const sorted = [...this.#speaking].flatMap(({ findings }) => findings ?? []).sort(byPlace)
      this.#sorted = sorted.filter((finding, at) => {
        const before = sorted[at - 1]
        return before === undefined || byPlace(before, finding) !== 0
      })
    }
    return this.#sorted
  }

  /** What could not be answered, by cluster and kind. */
  notEvaluated(): readonly NotEvaluated[] {
    this.settle()
    const groups: NotEvaluated[] = []
    for (const cluster of this.#clusters.values()) {
      const byKind = new Map<string, { block: NotEvaluated; codes: Set<string>; subjects: Set<string> }>()
      for (const check of this.#checks) {
        const block = cluster.store(check.subject).size === 0 ? null : this.#blockOf(check, cluster)
        if (block === null) continue
        const group = byKind.get(block.kind) ?? { block, codes: new Set(), subjects: new Set() }
        for (const code of block.codes) group.codes.add(code)
        group.subjects.add(check.subject)
        byKind.set(block.kind, group)
      }
      for (const { block, codes, subjects } of byKind.values())
        groups.push({
          ...block,
          codes: [...codes].sort(),
          objects: [...subjects].reduce((sum, kind) => sum + cluster.store(kind).size, 0),
        })
    }
    return groups.sort((a, b) => (`${a.cluster}\u0000${a.kind}` < `${b.cluster}\u0000${b.kind}` ? -1 : 1))
  }

  /** How many objects are known. */
  get objects(): number {
    let count = 0
    for (const cluster of this.#clusters.values())
      for (const [, store] of cluster.stores()) count += store.size
    return count
  }

  object(cluster: string, { kind, namespace, name }: ObjectRef): KubeObject | undefined {
    return this.#clusters.get(cluster)?.store(kind).peek(keyOf(namespace, name))
  }

  /** What changes would do to the findings; nothing is kept of them. */
  delta(changes: readonly Change[]): Delta {
    this.settle()
    const before: (() => void)[] = []
    const remember = (cluster: string, ref: ObjectRef): void => {
      const known = this.object(cluster, ref)
      before.push(() => {
        if (known === undefined) this.remove(cluster, ref)
        else this.put(cluster, known)
      })
    }
    for (const { cluster, put = [], remove = [] } of changes) {
      for (const object of put) {
        const fine = wellFormed(object)
        if (fine === undefined) continue
        remember(cluster, refOf(fine))
        this.put(cluster, fine)
      }
      for (const ref of remove) {
        remember(cluster, ref)
        this.remove(cluster, ref)
      }
    }
    const delta = this.settle()
    for (const undo of before.reverse()) undo()
    this.settle()
    return delta
  }
}
